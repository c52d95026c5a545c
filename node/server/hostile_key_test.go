package server_test

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"instar.example/federation/activity"
	"instar.example/node/nodetest"
)

// TestHostileKeys: B1.6, B1.9, [SIG-8], [SIG-9], [FETCH-1]: what stands at a key's address.
func TestHostileKeys(t *testing.T) {
	t.Parallel()
	type trick struct {
		name string
		want answer
		show func(s *stage, id string, d doc) http.HandlerFunc
	}
	changed := func(key string, value func(s *stage, id string) any) func(s *stage, id string, d doc) http.HandlerFunc {
		return func(s *stage, id string, d doc) http.HandlerFunc {
			d[key] = value(s, id)
			return show(d)
		}
	}
	withKey := func(change func(s *stage, k doc)) func(s *stage, id string, d doc) http.HandlerFunc {
		return func(s *stage, _ string, d doc) http.HandlerFunc {
			k := d["publicKey"].(doc)
			change(s, k)
			return show(d)
		}
	}
	tricks := []trick{
		{"a document of another actor", refused(401, "key_owner"), changed("id", func(s *stage, _ string) any { return s.eve })},
		{"a file that says it is a neighbour", refused(401, "key_owner"), func(s *stage, _ string, d doc) http.HandlerFunc {
			d["id"] = s.eve
			d["publicKey"].(doc)["owner"] = s.eve
			return show(d)
		}},
		{"a document of a local agent", refused(401, "key"), changed("id", func(s *stage, _ string) any { return s.node.URL() + "/u/ada" })},
		{"a key without an owner", refused(401, "key"), withKey(func(_ *stage, k doc) { delete(k, "owner") })},
		{"a key of another owner", refused(401, "key_owner"), withKey(func(s *stage, k doc) { k["owner"] = s.eve })},
		{"a key of a local owner", refused(401, "key_owner"), withKey(func(s *stage, k doc) { k["owner"] = s.node.URL() + "/u/ada" })},
		{"a key with another id", refused(401, "key"), withKey(func(s *stage, k doc) { k["id"] = s.eve + "#main-key" })},
		{"no key", refused(401, "key"), changed("publicKey", func(*stage, string) any { return nil })},
		{"an RSA key of 1,024 bits", refused(401, "bad_key"), withKey(func(s *stage, k doc) { k["publicKeyPem"] = hugePEM(s.tb, 1_024) })},
		{"an RSA key of 5,120 bits", refused(401, "bad_key"), withKey(func(s *stage, k doc) { k["publicKeyPem"] = hugePEM(s.tb, 5_120) })},
		{"an RSA key of exponent 3", refused(401, "bad_key"), withKey(func(s *stage, k doc) {
			k["publicKeyPem"] = publicPEM(s.tb, &rsa.PublicKey{N: s.evil.key(s.eve).N, E: 3})
		})},
		{"an RSA key of 65,536 bits", refused(401, "bad_key"), withKey(func(s *stage, k doc) { k["publicKeyPem"] = hugePEM(s.tb, 65_536) })},
		{"an RSA key of 262,144 bits", refused(401, "bad_key"), withKey(func(s *stage, k doc) { k["publicKeyPem"] = hugePEM(s.tb, 262_144) })},
		{"a redirect loop", refused(401, "key"), func(_ *stage, id string, _ doc) http.HandlerFunc {
			return http.RedirectHandler(id, http.StatusFound).ServeHTTP
		}},
		{"a redirect to another server", refused(401, "key"), func(s *stage, _ string, d doc) http.HandlerFunc {
			other := newPeer(s.tb)
			other.handle("/x", show(d))
			return http.RedirectHandler(other.URL+"/x", http.StatusFound).ServeHTTP
		}},
		{"an endless body", refused(401, "key"), func(*stage, string, doc) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", activity.ContentType)
				for chunk := []byte(strings.Repeat(" ", 32<<10)); r.Context().Err() == nil; {
					if _, err := w.Write(chunk); err != nil {
						return
					}
				}
			}
		}},
		{"an uploaded file", refused(401, "key"), func(_ *stage, _ string, d doc) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(d)
			}
		}},
		{"nothing any more", refused(401, "key_gone"), func(*stage, string, doc) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }
		}},
	}
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		s := newStage(t, database(t))
		for i, k := range tricks {
			t.Run(k.name, func(t *testing.T) { //nolint:paralleltest // one stage for all: each must leave it as it was
				name := fmt.Sprintf("mallory%d", i)
				id := s.evil.actor(name, "Service")
				s.evil.handle("/u/"+name, k.show(s, id, s.evil.document(id, "Service")))
				start := time.Now()
				s.holds(t, k.want, func() answer {
					start = time.Now()
					a := s.evil.send(s.node, id, create(page(s.evil.fresh("post"), id, s.general, "Forged")))
					if took := time.Since(start); took > 3*time.Second { // 262,144 bits are 8 s of arithmetic
						t.Errorf("took %v", took)
					}
					return a
				})
			})
		}
	})
}

// hugePEM is a key that looks like one of very many bits.
func hugePEM(tb testing.TB, bits uint) string {
	tb.Helper()
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return publicPEM(tb, &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537})
}
