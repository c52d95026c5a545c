package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"instar.example/node/admin"
)

// The operator's socket.
const (
	adminSocket = "admin.sock" // in data_dir
	// maxSocketPath is what every system's socket addresses hold.
	maxSocketPath = 103
	adminTimeout  = 30 * time.Second
	maxAdmin      = 16 << 20 // bytes of an answer

	operatorProcess = "operator" // among the processes that tell of changes
)

func adminPath(cfg Config) string { return filepath.Join(cfg.DataDir, adminSocket) }

// startAdmin opens the operator's socket beside the node. A node whose data
// folder has too long a name, or shares it with another process, does without.
func (s *Server) startAdmin(ctx context.Context) error {
	path := adminPath(s.cfg)
	if len(path) > maxSocketPath {
		s.opts.Log.LogAttrs(ctx, slog.LevelWarn, "no operator's socket: the path of data_dir is too long", slog.String("path", path))
		return nil
	}
	if c, err := dialAdmin(ctx, path); err == nil {
		return c.Close() // another process on the same data folder answers there
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the old operator's socket: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return fmt.Errorf("open the operator's socket: %w", err)
	}
	// The folder is 0700; this holds where it was made otherwise.
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("open the operator's socket: %w", err), l.Close())
	}
	s.admin = &http.Server{Handler: admin.New(s.Node, s.opts.Log).Handler(), ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout}
	s.work.Go(func() {
		if err := s.admin.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.opts.Log.LogAttrs(ctx, slog.LevelError, "the operator's socket closed", slog.Any("error", err))
		}
	})
	return nil
}

func (s *Server) stopAdmin(ctx context.Context) error {
	if s.admin == nil {
		return nil
	}
	return s.admin.Shutdown(ctx)
}

func dialAdmin(ctx context.Context, path string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", path)
}

// Operation is something that the operator asks of a node.
type Operation struct {
	Method, Path string // of package admin
	Body         any    // sent as JSON, or nil
}

// Operated is what became of an Operation.
type Operated struct {
	Text string          `json:"text"` // for people
	Data json.RawMessage `json:"data"` // for programs
}

// Operate asks the running node of a data folder, or opens its database when
// none runs. The error is what the node says against it.
func Operate(ctx context.Context, cfg Config, op Operation) (Operated, error) {
	ctx, cancel := context.WithTimeout(ctx, adminTimeout)
	defer cancel()
	body, err := json.Marshal(op.Body)
	if err != nil {
		return Operated{}, err
	}
	r, err := http.NewRequestWithContext(ctx, op.Method, "http://instar"+op.Path, bytes.NewReader(body))
	if err != nil {
		return Operated{}, err
	}
	path := adminPath(cfg)
	conn, err := dialAdmin(ctx, path)
	if err != nil {
		if _, err := os.Stat(filepath.Join(cfg.DataDir, databaseFile)); err != nil && cfg.DatabaseURL == "" {
			return Operated{}, fmt.Errorf("no node has its data in %s: name its folder with --data-dir or its file with --config", cfg.DataDir)
		}
		return operateAlone(ctx, cfg, r)
	}
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }, DisableKeepAlives: true}
	res, err := transport.RoundTrip(r)
	if err != nil {
		return Operated{}, fmt.Errorf("ask the node at %s: %w", path, err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAdmin))
	if err != nil {
		return Operated{}, fmt.Errorf("ask the node at %s: %w", path, err)
	}
	return readOperated(res.StatusCode, b)
}

func readOperated(status int, body []byte) (Operated, error) {
	var ans struct {
		Operated

		Error string `json:"error"`
		Hint  string `json:"hint"`
	}
	if err := json.Unmarshal(body, &ans); err != nil {
		return Operated{}, fmt.Errorf("the node answers %d: %.200q", status, body)
	}
	if ans.Error != "" {
		if ans.Hint != "" {
			ans.Error += ". " + ans.Hint
		}
		return Operated{}, errors.New(ans.Error)
	}
	return ans.Operated, nil
}

// memo is an answer that is kept instead of sent.
type memo struct {
	bytes.Buffer

	header http.Header
	status int
}

func (m *memo) Header() http.Header    { return m.header }
func (m *memo) WriteHeader(status int) { m.status = status }

// operateAlone does an operation on the database itself, and tells other
// processes on it.
func operateAlone(ctx context.Context, cfg Config, r *http.Request) (Operated, error) {
	s, err := New(ctx, cfg, Options{Idle: true})
	if err != nil {
		return Operated{}, err
	}
	m := &memo{header: http.Header{}, status: http.StatusOK}
	admin.New(s.Node, nil).Handler().ServeHTTP(m, r)
	ans, err := readOperated(m.status, m.Bytes())
	if cfg.DatabaseURL != "" && r.Method != http.MethodGet {
		w := newWatcher(s, operatorProcess) // one row, however often
		w.mine = s.opts.Now().UnixMilli()
		err = errors.Join(err, w.mark(ctx))
	}
	return ans, errors.Join(err, s.Stop(ctx))
}
