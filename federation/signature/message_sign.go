package signature

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"
)

// label names our signature in the two headers.
const label = "sig1"

// signMessage is Sign for RFC 9421. It covers what Mastodon, Fedify and tootik
// ask for between them, and says which algorithm it is.
func signMessage(r *http.Request, body []byte, key Key, now time.Time) error {
	algorithm, err := checkMessageSigner(key)
	if err != nil {
		return err
	}
	names := []string{componentMethod, componentTargetURI, componentAuthority}
	if r.URL.RawQuery != "" {
		names = append(names, componentQuery)
	}
	if body != nil {
		sum := sha256.Sum256(body)
		r.Header.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum[:])+":")
		names = append(names, componentDigest, "content-type")
	}
	s := Signature{Headers: names, input: httpsfv.InnerList{Params: httpsfv.NewParams()}}
	for _, name := range names {
		s.input.Items = append(s.input.Items, httpsfv.NewItem(name))
	}
	s.input.Params.Add("created", now.Unix())
	s.input.Params.Add("keyid", key.ID)
	s.input.Params.Add("alg", algorithm)
	base, err := s.base(r, r.URL.Scheme)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	value, err := signValue(key.Private, []byte(base))
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	list := base[strings.LastIndexByte(base, '\n')+1+len(paramsLine):]
	r.Header.Set("Signature-Input", label+"="+list)
	r.Header.Set("Signature", label+"=:"+base64.StdEncoding.EncodeToString(value)+":")
	return nil
}

func checkMessageSigner(key Key) (algorithm string, err error) {
	if _, isEd25519 := key.Private.(ed25519.PrivateKey); !isEd25519 {
		_, err := checkSigner(key)
		return algorithmRSA, err
	}
	return algorithmEd25519, checkKeyID(key.ID)
}

func signValue(private crypto.Signer, base []byte) ([]byte, error) {
	if k, isRSA := private.(*rsa.PrivateKey); isRSA {
		sum := sha256.Sum256(base)
		return rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:])
	}
	return private.Sign(rand.Reader, base, crypto.Hash(0))
}
