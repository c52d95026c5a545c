package server_test

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"instar.example/node/server"
)

// files is a file system of whole paths.
type files map[string]string

func (f files) read(path string) ([]byte, error) {
	text, ok := f[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// load reads a configuration from the file "f" alone.
func load(text string) (server.Config, error) {
	return server.LoadConfig(map[string]string{"config": "f"}, nil, files{"f": text}.read)
}

func TestConfigNeedsNothingOnLoopback(t *testing.T) {
	t.Parallel()
	environ := []string{"HOME=/root", "INSTAR_TEST_POSTGRES=x", "INSTAR_REQUIRE_POSTGRES=1", "INSTAR_VULNDB=y", "INSTAR_KEY=moltbook_sk_x", "INSTAR_PORT_8080_TCP=tcp://z"}
	got, err := server.LoadConfig(nil, environ, files{}.read)
	if err != nil {
		t.Fatal(err)
	}
	want := server.Config{
		Listen: "127.0.0.1:8080", BaseURL: "http://127.0.0.1:8080", Name: "127.0.0.1:8080", DataDir: "./instar-data",
		SecretFile: "instar-data/secret.key", AutoMigrate: true, Registration: "open", Robots: "open", Hosts: "www.moltbook.com, moltbook.com",
		Claim:      server.ClaimConfig{Methods: "email dns rel_me fediverse approval"},
		Federation: server.FederationConfig{AllowPrivate: true, AbroadPerDay: 20, InboxesPerDomain: 2_000, WaitingActivities: 20_000, WaitingBytes: 64 << 20, Policy: "open"},
		Backfill: server.BackfillConfig{
			Enabled: true, Requests: 200, Pages: 50, Items: 1000, Posts: 50, Bytes: 32 << 20, Time: 24 * time.Hour, Request: 10 * time.Second, Foreign: 50, Host: 120,
		},
		Keys: server.KeysConfig{Overlap: 24 * time.Hour},
		Limits: server.LimitsConfig{
			Enabled: true, Profile: "local", Reads: 60, Writes: 30, OwnerWrites: 90, Owner: 60, Address: 10_000, Verifications: 30, Messages: 200, Mails: 20, AgentsPerOwner: 10,
			PostInterval: 30 * time.Minute, CommentInterval: 20 * time.Second, CommentsPerDay: 50, SubmoltInterval: time.Hour,
			NewPostInterval: 2 * time.Hour, NewCommentInterval: time.Minute, NewCommentsPerDay: 20, NewSubmolts: 1,
		},
		Log:          server.LogConfig{Level: "info", Format: "text"},
		Posts:        server.PostsConfig{EditWindow: 30 * time.Minute, CryptoFilter: true},
		SMTP:         server.SMTPConfig{TLS: "starttls"},
		Votes:        server.VotesConfig{PerServer: 50},
		Verification: server.VerificationConfig{Mode: "off", NewAgentFor: 24 * time.Hour, Within: 5 * time.Minute, SubmoltWithin: 30 * time.Second},
		Media:        server.MediaConfig{MaxPixels: 8_000_000, PerAgent: 500, Bytes: 50 << 20},
	}
	if got != want {
		t.Errorf("LoadConfig() = %+v, want %+v", got, want)
	}
}

func TestConfigOfAPublicNodeIsCareful(t *testing.T) {
	t.Parallel()
	got, err := server.LoadConfig(nil, []string{"INSTAR_LISTEN=:8080", "INSTAR_BASE_URL=https://node.example/"}, files{}.read)
	if err != nil {
		t.Fatal(err)
	}
	if got.BaseURL != "https://node.example" || got.Name != "node.example" {
		t.Errorf("base_url, name = %q, %q", got.BaseURL, got.Name)
	}
	if got.Registration != "approval" || got.Limits.Profile != "public" || got.Federation.AllowPrivate {
		t.Errorf("registration, limits.profile, allow_private = %q, %q, %v; want approval, public, false",
			got.Registration, got.Limits.Profile, got.Federation.AllowPrivate)
	}
	if l := got.Limits; l.Address != 100 || l.Registrations != 1 || l.NewAgentFor != 24*time.Hour {
		t.Errorf("limits by address %d, of registrations %d, new for %v; want 100, 1, 24h", l.Address, l.Registrations, l.NewAgentFor)
	}
}

func TestConfigFlagsWinOverEnvironmentOverFile(t *testing.T) {
	t.Parallel()
	on := files{"f": "listen = \"127.0.0.1:1\"\nname = \"file\"\n[log]\nlevel = \"warn\"\n[federation]\nallow_private = false\n"}
	for _, tc := range []struct {
		name                string
		flags               map[string]string
		environ             []string
		listen, node, level string
	}{
		{"file", map[string]string{"config": "f"}, nil, "127.0.0.1:1", "file", "warn"},
		{"environment", nil, []string{"INSTAR_CONFIG=f", "INSTAR_LISTEN=127.0.0.1:2", "INSTAR_LOG_LEVEL=error"}, "127.0.0.1:2", "file", "error"},
		{"flag", map[string]string{"config": "f", "listen": "[::1]:3", "log.level": "debug"}, []string{"INSTAR_LISTEN=127.0.0.1:2", "INSTAR_NAME=env"}, "[::1]:3", "env", "debug"},
		{"empty variables count as not set", nil, []string{"INSTAR_CONFIG=f", "INSTAR_LISTEN=", "INSTAR_AUTO_MIGRATE="}, "127.0.0.1:1", "file", "warn"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := server.LoadConfig(tc.flags, tc.environ, on.read)
			if err != nil {
				t.Fatal(err)
			}
			if got.Listen != tc.listen || got.Name != tc.node || got.Log.Level != tc.level || got.BaseURL != "http://"+tc.listen {
				t.Errorf("LoadConfig() = %+v, want listen %q, name %q, log.level %q", got, tc.listen, tc.node, tc.level)
			}
			if got.Federation.AllowPrivate || !got.AutoMigrate {
				t.Errorf("allow_private, auto_migrate = %v, %v; want the file's false and the default true", got.Federation.AllowPrivate, got.AutoMigrate)
			}
		})
	}
}

func TestConfigFileIsLookedForInTheDataDir(t *testing.T) {
	t.Parallel()
	on := files{"/a/instar.toml": `name = "a"`, "/b/instar.toml": `name = "b"`, "instar-data/instar.toml": `name = "default"`}
	for _, tc := range []struct {
		flags   map[string]string
		environ []string
		want    string
	}{
		{nil, nil, "default"},
		{nil, []string{"INSTAR_DATA_DIR=/a"}, "a"},
		{map[string]string{"data_dir": "/b"}, []string{"INSTAR_DATA_DIR=/a"}, "b"},
	} {
		got, err := server.LoadConfig(tc.flags, tc.environ, on.read)
		if err != nil || got.Name != tc.want {
			t.Errorf("LoadConfig(%v, %v).Name = %q, %v; want %q", tc.flags, tc.environ, got.Name, err, tc.want)
		}
	}
}

func TestConfigKeyHasThreeNames(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"listen": "127.0.0.1:9", "base_url": "http://localhost:9", "registration": "closed", "federation.policy": "closed",
		"limits.profile": "public", "log.level": "warn", "log.format": "json", "database_url": "postgres://db/x",
		"posts.edit_window": "2h", "robots": "closed",
		"claim.methods": "dns, approval", "keys.overlap": "1h", "limits.agents_per_owner": "3", "smtp.tls": "tls", "smtp.address": "mail.example:25",
		"verification.mode": "all",
		"media.max_pixels":  "1000",
		"hosts":             "old.example",
		"trusted_proxies":   "127.0.0.1 10.0.0.0/8",
	}
	defaults, err := load("")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range server.Fields() {
		value := values[f.Key]
		quoted := `"` + value + `"`
		switch {
		case f.Bool:
			value = map[string]string{"true": "false", "false": "true"}[f.Default]
			quoted = value
		case f.Number:
			value, quoted = "7", "7"
		case f.Span:
			value, quoted = "7m", `"7m"`
		case value == "":
			value, quoted = "some text", `"some text"`
		}
		flag, err1 := server.LoadConfig(map[string]string{f.Key: value}, nil, nil)
		env, err2 := server.LoadConfig(nil, []string{f.Env + "=" + value}, nil)
		file, err3 := load(f.Key + " = " + quoted + "\n")
		if err1 != nil || err2 != nil || err3 != nil {
			t.Errorf("%s = %s: flag %v, environment %v, file %v", f.Key, value, err1, err2, err3)
			continue
		}
		if flag != env || env != file {
			t.Errorf("%s: flag gives %+v, environment %+v, file %+v; want the same", f.Key, flag, env, file)
		}
		// allow_private is true on loopback anyway: its other value is the file's false above
		if flag == defaults && f.Key != "federation.allow_private" {
			t.Errorf("%s = %s changed nothing", f.Key, value)
		}
		if f.Doc == "" {
			t.Errorf("%s has no doc", f.Key)
		}
	}
}

func TestConfigRefusesWhatTheFileMustNotSay(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, file, want string }{
		{"unknown key", "listen = \"127.0.0.1:1\"\n\nlistne = \"x\"\n", "f: line 3: listne: unknown key"},
		{"the first of two", "[log]\nlvl = 1\n[fedration]\nx = 1\n", "f: line 2: log.lvl: unknown key"},
		{"unknown table", "# ours\n\n[fedration]\npolicy = \"open\"\n", "f: line 3: fedration: unknown key"},
		{"unknown dotted key", "name = \"x\"\nvotes.togle = true\n", "f: line 2: votes.togle: unknown key"},
		{"unknown table of tables", "\n[a.b]\nc = 1\n", "f: line 2: a.b: unknown key"},
		{"another case", "Listen = \"127.0.0.1:1\"\n", "f: line 1: Listen: unknown key"},
		{"another case of a table", "[Federation]\nallow_private = false\n", "f: line 1: Federation: unknown key"},
		{"a quoted path", "\"federation.allow_private\" = false\n", "f: line 1: federation.allow_private: unknown key"},
		{"config", "config = \"g\"\n", "f: line 1: config: unknown key"},
		{"string for bool", "name = \"x\"\nauto_migrate = \"yes\"\n", "f: line 2: auto_migrate: must be true or false"},
		{"string for number", "limits.reads_per_minute = \"60\"\n", "f: line 1: limits.reads_per_minute: must be a whole number"},
		{"number below 0", "limits.reads_per_minute = -1\n", "f: line 1: limits.reads_per_minute: must be a whole number"},
		{"number for span", "limits.post_interval = 30\n", "f: line 1: limits.post_interval: must be a span of time"},
		{"span without unit", "limits.post_interval = \"30\"\n", "f: line 1: limits.post_interval: must be a span of time"},
		{"number for string", "name = 5\n", "f: line 1: name: must be a string"},
		{"bool for string", "name = true\n", "f: line 1: name: must be a string"},
		{"table for bool", "[votes.toggle]\nx = 1\n", "f: line 1: votes.toggle: must be true or false"},
		{"key below a string", "\nname.x = 1\n", "f: line 2: name.x: unknown key"},
		{"string for table", "\nvotes = \"x\"\n", "f: line 2: votes: is a table"},
		{"array of tables", "[[votes]]\ntoggle = true\n", "f: line 1: votes: is a table"},
		{"no TOML", "name = \"x\"\nlisten\n", "f: line 2: "},
		{"twice", "name = \"x\"\nname = \"y\"\n", "f: line 2: "},
		{"control character", "name = \"a\\u0000b\"\n", "name must be UTF-8 text without control characters"},
		{"long name", "name = \"" + strings.Repeat("x", 101) + "\"\n", "name must not be longer than 100 characters"},
		{"registration", "registration = \"perhaps\"\n", `registration is "perhaps", but must be one of: open, approval, invite, closed`},
		{"log level in capitals", "log.level = \"INFO\"\n", `log.level is "INFO", but must be one of: debug, info, warn, error`},
		{"every address", "listen = \":8080\"\n", `base_url is not set and cannot be guessed from listen ":8080": set base_url (environment INSTAR_BASE_URL, flag --base-url)`},
		{"any port", "listen = \"127.0.0.1:0\"\n", "base_url is not set and cannot be guessed"},
		{"no port", "listen = \"127.0.0.1\"\n", `listen is "127.0.0.1", but must be host:port`},
		{"named port", "listen = \"localhost:http\"\nbase_url = \"http://localhost\"\n", `listen is "localhost:http", but must be host:port`},
		{"large port", "listen = \"127.0.0.1:70000\"\n", `listen is "127.0.0.1:70000", but must be host:port`},
		{"another database", "database_url = \"mysql://u:hunter2@h/x\"\n", "database_url must be empty (SQLite in data_dir) or postgres://"},
		{"broken database", "database_url = \"postgres://u:hunter2@h:port/x\"\n", "database_url must be empty (SQLite in data_dir) or postgres://"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := load(tc.file)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Fatalf("LoadConfig() = %v, want %q", err, tc.want)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
				t.Errorf("LoadConfig() = %q: tells the password or takes several lines", err)
			}
		})
	}
}

func TestConfigRefusesWhatStandsOutsideTheFile(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		flags   map[string]string
		environ []string
		want    string
	}{
		{"named file is absent", nil, []string{"INSTAR_CONFIG=/none"}, "read the configuration file: open /none"},
		{"unknown variable", nil, []string{"INSTAR_LISTNE=x"}, "unknown environment variable INSTAR_LISTNE"},
		{"empty unknown variable", nil, []string{"INSTAR_LISTNE="}, "unknown environment variable INSTAR_LISTNE"},
		{"unknown flag", map[string]string{"base_ulr": "x"}, nil, `unknown key "base_ulr" among the flags`},
		{"variable is no bool", nil, []string{"INSTAR_VOTES_TOGGLE=maybe"}, "environment variable INSTAR_VOTES_TOGGLE must be true or false"},
		{"flag is no bool", map[string]string{"votes.toggle": ""}, nil, "flag --votes-toggle must be true or false"},
		{"empty data_dir", map[string]string{"data_dir": ""}, nil, "data_dir must not be empty"},
		{"policy", nil, []string{"INSTAR_FEDERATION_POLICY=all"}, `federation.policy is "all", but must be one of: open, attested, allowlist, closed`},
		{"invalid UTF-8", nil, []string{"INSTAR_NAME=\xff"}, "name must be UTF-8 text"},
	} {
		_, err := server.LoadConfig(tc.flags, tc.environ, files{}.read)
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: LoadConfig() = %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestConfigBaseURLIsAnOriginInItsOnlySpelling(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ base, want string }{
		{"https://node.example", ""},
		{"https://xn--bcher-kva.example", ""},
		{"http://127.0.0.1:8081", ""},
		{"http://[::1]:8081", ""},
		{"http://localhost:8081", ""},
		{"http://a.localhost:8081", ""},
		{"https://127.0.0.1:8443", ""},
		{"node.example", "must be an origin such as"},
		{"//node.example", "must be an origin such as"},
		{"https://", "must be an origin such as"},
		{"ftp://node.example", "must be an origin such as"},
		{"https://node.example/x", "must be an origin alone, in lower case: write https://node.example"},
		{"https://node.example//", "must be an origin alone"},
		{"https://node.example?", "must be an origin alone"},
		{"https://node.example?x=1", "must be an origin alone"},
		{"https://node.example#x", "must be an origin alone"},
		{"https://node.example#", "must be an origin alone"},
		{"https://ada@node.example", "must be an origin alone"},
		{"HTTPS://node.example", "must be an origin alone, in lower case: write https://node.example"},
		{"https://Node.example", "the host must be in lower case: write node.example"},
		{"https://bücher.example", "plain host name"},
		{"https://node..example", "plain host name"},
		{"https://node.example.", "plain host name"},
		{"https://-node.example", "plain host name"},
		{"https://node_1.example", "plain host name"},
		{"http://[0:0:0:0:0:0:0:1]:8081", "write the address as ::1"},
		{"http://node.example", "plain http is for loopback addresses only"},
		{"http://10.0.0.1:8080", "plain http is for loopback addresses only"},
		{"https://node.example:443", "leave out the port"},
		{"http://127.0.0.1:80", "leave out the port"},
		{"http://127.0.0.1:", "leave out the port"},
		{"http://127.0.0.1:08080", "the port must be a number"},
		{"http://127.0.0.1:0", "the port must be a number"},
		{"http://127.0.0.1:70000", "the port must be a number"},
		{"https://" + strings.Repeat("a", 40) + ".example", "is longer than 54 characters"},
	} {
		_, err := server.LoadConfig(map[string]string{"base_url": tc.base}, nil, nil)
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("base_url %q: %v, want it accepted", tc.base, err)
		case tc.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "base_url ") || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("base_url %q: %v, want %q", tc.base, err, tc.want)
		}
	}
}

func TestConfigPrintHidesPasswords(t *testing.T) {
	t.Parallel()
	for _, database := range []string{
		"postgres://ada:hunter2@db.example/instar?sslmode=verify-full",
		"postgres://db.example/instar?password=hunter2&sslmode=verify-full",
		"postgres://db.example/instar?sslmode=verify-full&sslpassword=hunter2",
		"postgres://db.example/instar?sslmode=verify-full&%70assword=hunter2;x=1",
	} {
		c, err := server.LoadConfig(map[string]string{"database_url": database}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := c.Print(&b); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); strings.Contains(got, "hunter2") || !strings.Contains(got, "db.example/instar") {
			t.Errorf("Print with %s:\n%s\nwant the database without its password", database, got)
		}
	}
}

func TestConfigDescribeIsAFileOfTheDefaults(t *testing.T) {
	t.Parallel()
	defaults, err := load("")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := (server.Config{}).Describe(&b); err != nil {
		t.Fatal(err)
	}
	if got, err := load(b.String()); err != nil || got != defaults {
		t.Errorf("the description loads as %+v, %v; want the defaults", got, err)
	}
	for _, f := range server.Fields() {
		if !strings.Contains(b.String(), "# "+f.Doc+"\n") || !strings.Contains(b.String(), "# Environment "+f.Env+", flag --"+f.Flag+"\n") {
			t.Errorf("the description lacks %s", f.Key)
		}
	}
	// Without its comment marks every line is legal, too; allow_private's
	// default follows base_url, so its line is left out here.
	var all strings.Builder
	for line := range strings.Lines(b.String()) {
		if set, ok := strings.CutPrefix(line, "#"); ok && !strings.HasPrefix(set, " ") && !strings.HasPrefix(set, "allow_private") {
			line = set
		}
		all.WriteString(line)
	}
	if got, err := load(all.String()); err != nil || got != defaults {
		t.Errorf("with every line in force: %+v, %v; want %+v", got, err, defaults)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add("listen = \"127.0.0.1:9000\"\n[log]\nlevel = \"warn\"\n")
	f.Add("base_url = \"https://node.example\"\nfederation.policy = \"closed\"\n")
	f.Add("[[votes]]\ntoggle = true\n")
	f.Add("a.b.\"c d\".e = {x = 1}\n")
	f.Add("name = \"\\u0000\"\n'' = 1\n")
	f.Add("database_url = \"postgres://u:p@h/d?password=x\"")
	f.Add("\"\\")
	f.Add("base_url.0 = \"\"")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := load(text)
		if err != nil {
			if strings.Contains(err.Error(), "line 0:") {
				t.Errorf("LoadConfig(%q) = %q, want a line", text, err)
			}
			return
		}
		c.DatabaseURL = "" // printed without its password
		var b strings.Builder
		if err := c.Print(&b); err != nil {
			t.Fatalf("Print(%+v) = %v", c, err)
		}
		if again, err := load(b.String()); err != nil || again != c {
			t.Errorf("printed and read again: %+v, %v; want %+v", again, err, c)
		}
	})
}
