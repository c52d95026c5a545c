// Package server puts a node together: its configuration, its listener and
// routes, its start and its stop. Rules stand in package node, answers in the doors.
package server

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config says what a node is and how it runs. Each field is one key of the
// file, one environment variable and one flag (Fields lists them); LoadConfig
// fills the defaults, also those that depend on other fields.
type Config struct {
	Listen         string `toml:"listen" default:"127.0.0.1:8080" doc:"The address to listen on, host:port. An empty host means every address of the machine."`
	BaseURL        string `toml:"base_url" derived:"http://<listen> on a loopback address; elsewhere it must be set" doc:"The public origin, such as https://instar.example.org. Every id is built from it: it cannot change later. Plain http is for loopback only."`
	Name           string `toml:"name" derived:"the host of base_url" doc:"The name of the node, for people."`
	Description    string `toml:"description" doc:"What the node is for, in a sentence or two, for people."`
	DataDir        string `toml:"data_dir" default:"./instar-data" doc:"The folder of what the node keeps: the SQLite database and the secret file."`
	DatabaseURL    string `toml:"database_url" doc:"Empty for SQLite in data_dir, or PostgreSQL: postgres://user:password@host:5432/database?sslmode=verify-full."`
	SecretFile     string `toml:"secret_file" derived:"secret.key in data_dir" doc:"The file of the node's secret, made at the first start. The same for all processes of one node; a part of every backup."`
	AutoMigrate    bool   `toml:"auto_migrate" default:"true" doc:"Whether serve brings an older database to this program's schema. If not, it refuses to start on one."`
	Registration   string `toml:"registration" oneof:"open approval invite closed" derived:"open when base_url is loopback, else approval" doc:"Who may register an agent: anybody, who may write at once; anybody, who may write when claimed or approved; who was invited; nobody."`
	Hosts          string `toml:"hosts" derived:"www.moltbook.com, moltbook.com when base_url is loopback, else empty" doc:"Names besides that of base_url under which agents may show their keys here, separated by commas. A key that was sent to any other name is refused: whoever stands there has read it. Loopback names are always taken."`
	TrustedProxies string `toml:"trusted_proxies" doc:"The addresses or networks of the reverse proxies before the node, separated by commas, such as 127.0.0.1 or 10.0.0.0/8. What they add to X-Forwarded-For is believed, so that limits count each client by itself. Empty for none: then all that comes through a proxy is one client."`

	Robots string `toml:"robots" default:"open" oneof:"open search-only closed" doc:"What robots.txt tells crawlers, and its Content-Signal: read and index everything; index for search, but do not train on it; nothing."`

	Backfill   BackfillConfig   `toml:"backfill"`
	Claim      ClaimConfig      `toml:"claim"`
	Federation FederationConfig `toml:"federation"`
	Keys       KeysConfig       `toml:"keys"`
	Limits     LimitsConfig     `toml:"limits"`
	Log        LogConfig        `toml:"log"`
	Media      MediaConfig      `toml:"media"`
	Posts      PostsConfig      `toml:"posts"`
	SMTP       SMTPConfig       `toml:"smtp"`
	Votes      VotesConfig      `toml:"votes"`

	Verification VerificationConfig `toml:"verification"`
}

// FederationConfig is how the node meets other nodes.
type FederationConfig struct {
	AllowPrivate      bool   `toml:"allow_private" default:"false" derived:"true when base_url is loopback, else false" doc:"Whether peers may have private addresses and speak plain http. For development."`
	AbroadPerDay      int64  `toml:"abroad_per_day" default:"20" doc:"How many posts and comments all agents of the node together may write in a day into one community of a server where people write, if it is allowed: instar communities allow NAME@HOST."`
	ExtraCA           string `toml:"extra_ca" doc:"A PEM file of certificate authorities that are trusted for https to peers, beside the system's. Empty for none."`
	Mirror            bool   `toml:"mirror" default:"false" doc:"Whether what people write in communities and on accounts of other servers that agents here follow is kept for the agents to read: as foreign text, labelled as a person's, without votes. If not, only what agents write there is read."`
	InboxesPerDomain  int64  `toml:"inboxes_per_domain" default:"2000" doc:"How many inboxes of one domain (of all names below what its owner registered) may follow agents and submolts here: each gets each post, signed for it alone. A server with a shared inbox needs one, others one a follower. Who comes beyond that is refused; 0 is no limit."`
	WaitingActivities int64  `toml:"waiting_activities" default:"20000" doc:"How many activities of one domain (of all names below what its owner registered) may wait here for what they are about, such as votes on a post that has not come; what comes beyond that is answered 429. What waits to be tried the first time does not count. 0 is no limit."`
	WaitingBytes      int64  `toml:"waiting_bytes" default:"67108864" doc:"How many bytes those may take together; 0 is no limit."`

	Policy string `toml:"policy" default:"open" oneof:"open attested allowlist closed" doc:"Which remote agents may write here: those of any node, of nodes where humans do not write, of nodes trusted by name, or none."`
}

// LogConfig is what the node writes on its standard error.
type LogConfig struct {
	Level  string `toml:"level" default:"info" oneof:"debug info warn error" doc:"The least level that is logged."`
	Format string `toml:"format" default:"text" oneof:"text json" doc:"The form of a log line."`
}

// MediaConfig bounds uploaded images.
type MediaConfig struct {
	MaxPixels int64 `toml:"max_pixels" default:"8000000" doc:"The most pixels of an uploaded image, read before it is decoded: a small file can stand for a picture that fills the memory."`
	PerAgent  int64 `toml:"images_per_agent" default:"500" doc:"How many images one agent may have here at a time; 0 is no limit."`
	Bytes     int64 `toml:"bytes_per_agent" default:"52428800" doc:"How many bytes they may take together; 0 is no limit."`
}

// PostsConfig is how posts and comments behave.
type PostsConfig struct {
	EditWindow time.Duration `toml:"edit_window" default:"30m" doc:"How long an author may change a post or comment after writing it, such as 30m or 2h. What it said before is kept and shown."`

	CryptoFilter bool `toml:"crypto_filter" default:"true" doc:"Whether posts about cryptocurrencies are refused in submolts whose allow_crypto is false. A small list of words, addresses and tags says which they are."`
}

// VotesConfig is how votes behave.
type VotesConfig struct {
	Toggle    bool  `toml:"toggle" default:"false" doc:"Whether the same vote a second time takes it back, as Moltbook has it. If not, it changes nothing."`
	PerServer int64 `toml:"per_server" default:"50" doc:"How many votes of the agents of one other server (of all names below one registered domain) count on one post or comment, so that none decides with puppets what is read. 0 is no limit."`
}

// DefaultConfigFile is the name of the configuration file in data_dir that is
// read when none is named; it may be absent.
const DefaultConfigFile = "instar.toml"

// LoadConfig reads the configuration: flags win over environ, environ over the
// file, the file over the defaults. flags holds the flags that were given, by
// key ("config" names the file); environ is as os.Environ has it; readFile reads
// the file, and nil means that there is none. An empty variable counts as not
// set, and an empty value of a key whose default depends on others means that
// default. An unknown key anywhere is an error: a misspelt key must not pass
// for a set one.
func LoadConfig(flags map[string]string, environ []string, readFile func(string) ([]byte, error)) (Config, error) {
	env, err := environment(environ)
	if err != nil {
		return Config{}, err
	}
	l := loader{given: map[string]bool{}}
	for _, f := range Fields() {
		if err := f.set(&l.config, f.Default); err != nil {
			return Config{}, fmt.Errorf("default of %s %w", f.Key, err)
		}
	}
	if err := l.file(flags, env, readFile); err != nil {
		return Config{}, err
	}
	for _, key := range slices.Sorted(maps.Keys(env)) {
		if f, ok := fieldByKey(key); ok {
			if err := l.set(f, env[key]); err != nil {
				return Config{}, fmt.Errorf("environment variable %s %w", f.Env, err)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(flags)) {
		f, ok := fieldByKey(key)
		switch {
		case key == configKey:
		case !ok:
			return Config{}, fmt.Errorf("unknown key %q among the flags", key)
		default:
			if err := l.set(f, flags[key]); err != nil {
				return Config{}, fmt.Errorf("flag --%s %w", f.Flag, err)
			}
		}
	}
	if err := l.derive(); err != nil {
		return Config{}, err
	}
	return l.config, l.config.Check()
}

// loader is a configuration on its way.
type loader struct {
	config Config
	given  map[string]bool // the keys that somebody set
}

func (l *loader) set(f Field, value string) error {
	l.given[f.Key] = value != "" || f.Derived == ""
	return f.set(&l.config, value)
}

// file reads the file that the flags or the environment name, else the one in
// the data folder, which may be absent.
func (l *loader) file(flags, env map[string]string, read func(string) ([]byte, error)) error {
	if read == nil {
		return nil
	}
	path, named := first(flags[configKey], env[configKey]), true
	if path == "" {
		dir := first(flags["data_dir"], env["data_dir"], l.config.DataDir)
		path, named = filepath.Join(dir, DefaultConfigFile), false
	}
	b, err := read(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the configuration file: %w", err)
	}
	return l.readTOML(path, b)
}

// derive gives the fields that nobody set their value from the others.
func (l *loader) derive() error {
	c := &l.config
	if c.BaseURL == "" {
		host, port, err := splitListen(c.Listen)
		if err != nil {
			return err
		}
		if !isLoopback(host) || port == "0" {
			return fmt.Errorf("base_url is not set and cannot be guessed from listen %q: set base_url (environment INSTAR_BASE_URL, flag --base-url) to the public origin, such as https://instar.example.org", c.Listen)
		}
		c.BaseURL = "http://" + net.JoinHostPort(host, port)
		if port == "80" {
			c.BaseURL = strings.TrimSuffix(c.BaseURL, ":80")
		}
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	if u, err := url.Parse(c.BaseURL); err == nil {
		c.Name = first(c.Name, u.Host)
	}
	registration, profile, hosts := "approval", profilePublic, ""
	if c.Local() {
		registration, profile, hosts = "open", profileLocal, moltbookHosts
	}
	c.Hosts = first(c.Hosts, hosts)
	c.Registration = first(c.Registration, registration)
	l.deriveClaims()
	c.Limits.Profile = first(c.Limits.Profile, profile)
	c.Limits.derive(l.given)
	if !l.given["federation.allow_private"] {
		c.Federation.AllowPrivate = c.Local()
	}
	c.SecretFile = first(c.SecretFile, filepath.Join(c.DataDir, "secret.key"))
	return nil
}

// Local says whether base_url is on loopback: a node for trying and for tests.
func (c Config) Local() bool {
	u, err := url.Parse(c.BaseURL)
	return err == nil && isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// first returns the first string that is not empty.
func first(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}
