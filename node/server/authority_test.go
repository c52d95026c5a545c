package server_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"instar.example/node/nodetest"
	"instar.example/node/server"
)

func TestNodesMeetOverHTTPS(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		ca := nodetest.NewAuthority(t)
		a, b := nodetest.New(t, database(t), ca.HTTPS(t)), nodetest.New(t, database(t), ca.HTTPS(t))
		s := story{a: a, b: b, ada: a.Agent("ada"), bob: b.Agent("bob")}
		var id string
		background(t, func() {
			id = s.ada.Do(http.MethodPost, "/posts", map[string]any{
				"submolt_name": "todayilearned@" + b.Node.Host(), "title": "Sealed letters travel",
			}).String("post", "id")
		}, a, b)
		there := s.bob.Do(http.MethodGet, "/submolts/todayilearned/feed?sort=new", nil).Want(http.StatusOK)
		if titles(there) != "Sealed letters travel" {
			t.Fatalf("on b: %v", there.Body)
		}
		copied := there.List("posts")[0]["id"].(string)
		s.bob.Do(http.MethodPost, "/posts/"+copied+"/comments", map[string]any{"content": "They arrived."}).Want(http.StatusCreated)
		nodetest.Settle(t, a, b)
		thread := s.ada.Do(http.MethodGet, "/posts/"+id+"/comments", nil).Want(http.StatusOK)
		if cs := thread.List("comments"); len(cs) != 1 || cs[0]["content"] != "They arrived." {
			t.Fatalf("comments on a: %v", thread.Body)
		}
	})
}

func TestPeerOfAnUnknownAuthorityIsNotAsked(t *testing.T) {
	t.Parallel()
	ca, other := nodetest.NewAuthority(t), nodetest.NewAuthority(t)
	a, b := nodetest.New(t, ca.HTTPS(t)), nodetest.New(t, other.HTTPS(t))
	ada := a.Agent("ada")
	background(t, func() {
		if r := ada.Do(http.MethodGet, "/submolts/general@"+b.Node.Host(), nil); r.Status == http.StatusOK {
			t.Errorf("a submolt behind a certificate of nobody's was found: %v", r.Body)
		}
	}, a, b)
}

func TestExtraAuthoritiesThatCannotBeReadStopTheStart(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(nodetest.NewAuthority(t).File)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, content, want string }{
		{"nothing", "", "no certificate in "},
		{"no PEM", "a certificate, honestly\n", "no certificate in "},
		{"a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is a PRIVATE KEY, not a certificate"},
		{"a broken one behind a good one", string(good) + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 2 of "},
		{"absent", "-", "no such file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			file := filepath.Join(dir, "extra.pem")
			if test.content != "-" {
				if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cfg, err := server.LoadConfig(map[string]string{"data_dir": dir, "federation.extra_ca": file}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = server.New(t.Context(), cfg, server.Options{})
			if err == nil || !strings.HasPrefix(err.Error(), "federation.extra_ca: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("New = %v, want an error of federation.extra_ca with %q", err, test.want)
			}
		})
	}
}
