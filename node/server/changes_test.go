package server

import (
	"net"
	"path/filepath"
	"testing"

	"instar.example/storage/storagetest"
)

// TestProcessesHearOfEachOthersWritesOnce: two processes on one PostgreSQL. A
// write of one drops what the other keeps in memory, and is not echoed.
func TestProcessesHearOfEachOthersWritesOnce(t *testing.T) {
	t.Parallel()
	url, dir := storagetest.PostgresURL(t), t.TempDir()
	var two [2]*watcher
	for i := range two {
		cfg, err := LoadConfig(map[string]string{
			"base_url": "http://127.0.0.1:9", "listen": net.JoinHostPort("127.0.0.1", "0"), "data_dir": dir,
			"secret_file": filepath.Join(dir, "secret.key"), "database_url": url,
		}, nil, nil)
		if err != nil {
			t.Fatalf("configure: %v", err)
		}
		s, err := New(t.Context(), cfg, Options{Idle: true})
		if err != nil {
			t.Fatalf("New: %v", err)
		}
		t.Cleanup(func() {
			if err := s.Stop(t.Context()); err != nil {
				t.Errorf("Stop: %v", err)
			}
		})
		two[i] = newWatcher(s, []string{"one", "two"}[i])
	}
	look := func() {
		t.Helper()
		for _, w := range two {
			if err := w.look(t.Context()); err != nil {
				t.Fatalf("look: %v", err)
			}
		}
	}
	for range 4 {
		look()
	}
	marks := [2]int64{two[0].mine, two[1].mine}
	before := two[1].s.Node.Version()
	if _, err := two[0].s.Node.Register(t.Context(), "ada", ""); err != nil {
		t.Fatalf("Register: %v", err)
	}
	look()
	if after := two[1].s.Node.Version(); after == before {
		t.Error("the other process did not hear of the write")
	}
	heard := two[1].s.Node.Version()
	for range 5 {
		look()
	}
	if now := two[1].s.Node.Version(); now != heard {
		t.Errorf("the version of the other moved from %d to %d without a write", heard, now)
	}
	if two[0].mine != marks[0]+1 || two[1].mine != marks[1] {
		t.Errorf("marks moved from %v to %d and %d, want one step of the first", marks, two[0].mine, two[1].mine)
	}
	if _, err := two[0].s.Node.RotateTransport(t.Context()); err != nil {
		t.Fatalf("RotateTransport: %v", err)
	}
	look()
	look()
	if one, other := two[0].s.Node.TransportPEM(), two[1].s.Node.TransportPEM(); one != other {
		t.Error("the other process still has the old RSA key")
	}
}
