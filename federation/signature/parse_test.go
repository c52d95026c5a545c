package signature_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"instar.example/federation/signature"
)

func parse(header string) (signature.Signature, error) {
	return signature.Parse(&http.Request{Header: http.Header{"Signature": {header}}})
}

func TestParseReadsWhatIsSent(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		`keyId="https://b.example/?author=0#main-key",algorithm="hs2019",headers="host date",signature="AAAA"`,
		`keyId="https://b.example/?author=0#main-key", algorithm="hs2019", headers="host date", signature="AAAA"`,
		"  keyId=\"https://b.example/?author=0#main-key\"\t,algorithm=\"hs2019\" , headers=\"Host DATE\",signature=\"AAAA\" ",
		`signature="AAAA",headers="host date",algorithm="hs2019",keyId="https://b.example/?author=0#main-key",created=1,expires="2",opaque="x,y=z"`,
	} {
		s, err := parse(header)
		if err != nil {
			t.Errorf("Parse(%s): %v", header, err)
			continue
		}
		if s.KeyID != "https://b.example/?author=0#main-key" || s.Algorithm != "hs2019" ||
			!slices.Equal(s.Headers, []string{"host", "date"}) || string(s.Value) != "\x00\x00\x00" {
			t.Errorf("Parse(%s) = %+v", header, s)
		}
	}
	// a comma in a quoted value ends nothing
	s, err := parse(`keyId="https://b.example/a,headers=date",headers="host",signature="AAAA"`)
	if err != nil || s.KeyID != "https://b.example/a,headers=date" || !slices.Equal(s.Headers, []string{"host"}) {
		t.Errorf("Parse = %+v, %v", s, err)
	}
}

func TestParseRefusesOtherGrammar(t *testing.T) {
	t.Parallel()
	const rest = `,headers="host date",signature="AAAA"`
	for _, header := range []string{
		"", ",", "x", `Signature keyId="k"` + rest, `keyId` + rest, `keyId=k` + rest, `keyId=""` + rest, `keyId="k` + rest,
		`keyId='k'` + rest, `keyId = "k"` + rest, `keyId="k""` + rest, `keyId="k"x` + rest, `keyId="k";` + rest,
		`keyId="k\"x"` + rest, `keyId="k x"` + rest, "keyId=\"k\nx\"" + rest, "keyId=\"k\x00\"" + rest, `keyId="ключ"` + rest,
		`keyId="k",` + rest, `keyId="k"` + rest + ",", "," + `keyId="k"` + rest, `keyId="k" ` + strings.TrimPrefix(rest, ","),
		`keyId="k",headers="",signature="AAAA"`, `keyId="k",headers="host  date",signature="AAAA"`,
		`keyId="k",headers=" host",signature="AAAA"`, `keyId="k",headers="host,date",signature="AAAA"`,
		`keyId="k",headers="(host)",signature="AAAA"`, `keyId="k",headers="host Host",signature="AAAA"`,
		`keyId="k",headers="host: x",signature="AAAA"`,
		`keyId="k",headers="host",signature=""`, `keyId="k",headers="host",signature="AAA"`,
		`keyId="k",headers="host",signature="AAB="`, `keyId="k",headers="host",signature="A-A_"`,
		`keyId="k",headers="host",signature="AAAA`, `keyId="k",headers="host",signature=AAAA`,
		`keyId="k",created=` + rest, `keyId="k",created=-1` + rest, `keyId="k",created=1.5` + rest, `keyId="k",created="1 "` + rest,
		`keyId="k",created=0` + rest, `keyId="k",created=01` + rest, `keyId="k",expires=99999999999999999999` + rest,
		`keyId="k",created=1,created=1` + rest, `keyId="k",expires="x"` + rest, `keyId="k",created=9223372036854775807` + rest,
		`keyId="` + strings.Repeat("k", 2049) + `"` + rest, `keyId="k",x="` + strings.Repeat("x", 8192) + `"` + rest,
		`keyId="k",headers="host",signature="` + strings.Repeat("AAAA", 342) + `"`,
		`keyId="k",headers="` + strings.TrimSpace(strings.Repeat("x ", 33)) + `",signature="AAAA"`,
		`keyId="k",a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,m=1,n=1,o=1` + rest,
	} {
		if s, err := parse(header); !errors.Is(err, signature.ErrMalformed) {
			t.Errorf("Parse(%s) = %+v, %v; want ErrMalformed", header, s, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	r := signedPOST(f, inbox)
	for _, seed := range []string{
		r.Header.Get("Signature"),
		`keyId="k",algorithm="hs2019",created="1402170695",expires=1402170699,headers="(request-target) (created) (expires) host date digest",signature="AAAA"`,
		`keyId="k",headers="(created) (expires) (request-target) host date digest content-type x-y",created=1,expires=2,signature="AAAA"`,
		`keyId="a,b", x=1 ,signature="AAAA"`, "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		s, err := parse(header)
		if err != nil {
			if _, ok := errors.AsType[*signature.Error](err); !ok {
				t.Fatalf("Parse: %v is no *Error", err)
			}
			return
		}
		if s.KeyID == "" || len(s.Value) == 0 || len(s.Headers) == 0 || strings.ContainsAny(s.KeyID, "\" \r\n\x00") {
			t.Fatalf("Parse(%q) = %+v", header, s)
		}
		// A signature of other bytes than the good one's verifies nothing.
		if err := signature.Verify(r, note(), s, rsaKey().Public(), now()); err == nil && header != r.Header.Get("Signature") {
			good, _ := signature.Parse(r)
			if string(good.Value) != string(s.Value) || !slices.Equal(good.Headers, s.Headers) {
				t.Fatalf("Verify took %q", header)
			}
		}
	})
}
