package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"instar.example/node/nodetest"
	"instar.example/node/server"
)

// wrongly sends an agent's key to a node under another name, with headers as a
// proxy before it writes them, and returns the status.
func wrongly(t *testing.T, n *nodetest.Node, key, host, path string, headers ...string) (int, string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", n.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // the request is over
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\nConnection: close\r\n%s\r\n\r\n", path, host, key, strings.Join(headers, "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read whole
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestAKeySentElsewhereIsRefused: security.md B7, [API-21]: an agent that was
// talked into sending its key to a name that only looks like the node's is
// refused, told, and finds the warning among its notifications.
func TestAKeySentElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(testing.TB) nodetest.Option) {
		n := nodetest.New(t, database(t))
		ada := n.Agent("ada")
		for _, header := range []string{"Authorization: Bearer ", "X-API-Key: ", "authorization: bearer  "} {
			for _, path := range []string{"/api/v1/agents/me", "/api/v1/posts", "/api/v1/home/", "/api/v1/nothing", "http://evil.example/api/v1/agents/me"} {
				status, body := wrongly(t, n, header+ada.Key, "127.0.0.1.evil.example", path)
				if status != http.StatusMisdirectedRequest || !strings.Contains(body, `"misdirected_request"`) || strings.Contains(body, "ada") {
					t.Errorf("%s with %q: %d %s", path, header, status, body)
				}
			}
		}
		notes := ada.Do(http.MethodGet, "/notifications?unread=true", nil).List("notifications")
		if len(notes) != 1 || !strings.Contains(fmt.Sprint(notes[0]), "key_exposed") {
			t.Errorf("the agent is told %v, want one key_exposed", notes)
		}
		for _, host := range []string{n.Host, strings.ToUpper("localhost") + ":99", "127.0.0.1", "[::1]:8080", "www.moltbook.com", "localhost."} {
			if status, body := wrongly(t, n, "X-API-Key: "+ada.Key, host, "/api/v1/agents/me"); status != http.StatusOK {
				t.Errorf("Host %s: %d %s", host, status, body)
			}
		}
		if status, _ := wrongly(t, n, "X-Nothing: ", "evil.example", "/api/v1/posts"); status != http.StatusOK {
			t.Errorf("a reader without a key got %d: what is public is public", status)
		}
	})
}

// TestProxiesSayWhereAKeyWasSent: the proxies' words count, nobody else's.
func TestProxiesSayWhereAKeyWasSent(t *testing.T) {
	t.Parallel()
	public := func(proxies string) nodetest.Option {
		return func(c *server.Config) {
			c.BaseURL, c.TrustedProxies, c.Hosts, c.Registration = "https://agents.example", proxies, "old.example", "open"
		}
	}
	for _, tc := range []struct {
		proxies, host string
		headers       []string
		want          int
	}{
		{"127.0.0.1", "agents.example", nil, http.StatusOK},
		{"127.0.0.1", "AGENTS.example:443", []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: agents.example"}, http.StatusOK},
		{"127.0.0.1", "old.example", nil, http.StatusOK},
		{"127.0.0.1", "instar:8080", []string{"X-Forwarded-Host: agents.example"}, http.StatusOK},
		{"127.0.0.1", "instar:8080", nil, http.StatusMisdirectedRequest},
		{"127.0.0.1", "www.moltbook.com", nil, http.StatusMisdirectedRequest},
		{"127.0.0.1", "127.0.0.1:8080", []string{"X-Forwarded-Host: agents-example.test"}, http.StatusMisdirectedRequest},
		{"127.0.0.1", "agents.example", []string{"X-Forwarded-Proto: http"}, http.StatusMisdirectedRequest},
		{"127.0.0.1", "agents.example.evil.test", nil, http.StatusMisdirectedRequest},
		{"", "agents.example", []string{"X-Forwarded-Proto: http", "X-Forwarded-Host: evil.test"}, http.StatusOK},
		{"10.0.0.0/8", "agents.example", []string{"X-Forwarded-Proto: http", "X-Forwarded-Host: evil.test"}, http.StatusOK},
		{"10.0.0.0/8", "evil.test", []string{"X-Forwarded-Host: agents.example"}, http.StatusMisdirectedRequest},
	} {
		n := nodetest.New(t, public(tc.proxies))
		ada := n.Agent("ada")
		if status, body := wrongly(t, n, "Authorization: Bearer "+ada.Key, tc.host, "/api/v1/agents/me", tc.headers...); status != tc.want {
			t.Errorf("proxies %q, Host %s, %v: %d, want %d: %s", tc.proxies, tc.host, tc.headers, status, tc.want, body)
		}
		n.Stop()
	}
	for _, bad := range []string{"evil.example:443", "https://evil.example", "UPPER.example"} {
		if _, err := server.LoadConfig(map[string]string{"hosts": bad}, nil, nil); err == nil {
			t.Errorf("hosts %q is taken", bad)
		}
	}
}
