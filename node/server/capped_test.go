package server_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"instar.example/node/nodetest"
	"instar.example/node/server"
)

func connect(t *testing.T, host string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// answers asks over a connection and says whether there is an answer.
func answers(t *testing.T, conn net.Conn) bool {
	t.Helper()
	if _, err := io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return false // closed by the other side
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, res.Body)
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// TestOneAddressHoldsSoManyConnections: security.md B4: idle connections of one
// address are counted, one too many is closed, and one that ends makes room.
func TestOneAddressHoldsSoManyConnections(t *testing.T) {
	t.Parallel()
	const most = 5
	n := nodetest.New(t, func(c *server.Config) { c.Limits.Enabled, c.Limits.Connections = true, most })
	var held []net.Conn
	for range most {
		held = append(held, connect(t, n.Host))
	}
	for i, conn := range held {
		if !answers(t, conn) {
			t.Errorf("connection %d of %d is not answered", i+1, most)
		}
	}
	for range 3 {
		if answers(t, connect(t, n.Host)) {
			t.Errorf("connection %d is answered, want at most %d of one address", most+1, most)
		}
	}
	_ = held[0].Close()
	for deadline := time.Now().Add(10 * time.Second); !answers(t, connect(t, n.Host)); {
		if time.Now().After(deadline) {
			t.Fatal("a connection that ended made no room")
		}
	}

	trusted := nodetest.New(t, func(c *server.Config) {
		c.Limits.Enabled, c.Limits.Connections, c.TrustedProxies = true, most, "127.0.0.1"
	})
	for range 4 * most {
		if conn := connect(t, trusted.Host); !answers(t, conn) {
			t.Fatal("a trusted proxy's connections are counted")
		}
	}
	public, err := server.LoadConfig(map[string]string{"base_url": "https://agents.example"}, nil, nil)
	if err != nil || public.Limits.Connections == 0 {
		t.Errorf("a public node lets an address hold %d connections (%v), want a bound", public.Limits.Connections, err)
	}
}

// TestHeadersThatDripAreCutOff: security.md B4, slowloris: connections whose
// headers come a byte at a time, and never end, are closed within their time,
// hold up nobody, and so are those that say nothing at all.
func TestHeadersThatDripAreCutOff(t *testing.T) {
	t.Parallel()
	n := nodetest.New(t)
	const slow, within = 100, 20 * time.Second // R13
	type end struct {
		after time.Duration
		err   error
	}
	ends := make(chan end, 2*slow)
	for i := range 2 * slow {
		conn := connect(t, n.Host)
		go func() {
			start := time.Now()
			if i%2 == 0 {
				_, _ = io.WriteString(conn, "GET /api/v1/posts HTTP/1.1\r\nHost: x\r\nX-Slow: ")
			}
			go func() { // a byte each 200 ms, for as long as somebody takes it
				for tick := time.NewTicker(200 * time.Millisecond); i%2 == 0; <-tick.C {
					if _, err := conn.Write([]byte("a")); err != nil {
						tick.Stop()
						return
					}
				}
			}()
			err := conn.SetReadDeadline(start.Add(within))
			if err == nil {
				_, err = io.Copy(io.Discard, conn) // until the node closes it
			}
			ends <- end{time.Since(start), err}
		}()
	}
	for range 50 {
		start := time.Now()
		n.Call("", http.MethodGet, "/api/v1/posts?sort=new", nil).Want(http.StatusOK)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("others waited %v", took)
		}
	}
	for range 2 * slow {
		e := <-ends
		if timeout, is := errors.AsType[net.Error](e.err); is && timeout.Timeout() {
			t.Fatalf("a connection that drips was still open after %v", e.after)
		}
	}
}
