package worker_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"instar.example/node"
	"instar.example/node/worker"
)

// mailbox is a mail server that takes one letter, over TLS as it is told to.
type mailbox struct {
	net.Listener

	how    string
	tls    *tls.Config
	pool   *x509.CertPool
	heard  chan []string // what one client said, signed in or not
	refuse string        // the verb that it refuses, "" for none
}

func newMailbox(t *testing.T, how, refuse string) *mailbox {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	certificate := httptest.NewTLSServer(nil) // its certificate is for 127.0.0.1
	certificate.Close()
	m := &mailbox{Listener: l, how: how, refuse: refuse, tls: &tls.Config{Certificates: certificate.TLS.Certificates, MinVersion: tls.VersionTLS12}, pool: x509.NewCertPool(), heard: make(chan []string, 1)}
	m.pool.AddCert(certificate.Certificate())
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		m.heard <- m.talk(c)
	}()
	return m
}

func (m *mailbox) talk(c net.Conn) (heard []string) {
	if m.how == worker.SMTPTLS {
		c = tls.Server(c, m.tls)
	}
	say := func(s string) { _, _ = fmt.Fprint(c, s+"\r\n") }
	say("220 mail.test")
	inside := false
	for lines := bufio.NewScanner(c); lines.Scan(); {
		line := lines.Text()
		heard = append(heard, line)
		verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
		switch {
		case inside && line == ".":
			inside = false
			say("250 ok")
		case inside:
		case verb == m.refuse:
			say("550 no")
		case verb == "EHLO":
			say("250-mail.test\r\n250-STARTTLS\r\n250 AUTH PLAIN")
		case verb == "STARTTLS":
			say("220 go on")
			c = tls.Server(c, m.tls)
			lines = bufio.NewScanner(c)
		case verb == "DATA":
			inside = true
			say("354 go on")
		case verb == "AUTH":
			say("235 ok")
		case verb == "QUIT":
			say("221 bye")
			return heard
		default:
			say("250 ok")
		}
	}
	return heard
}

func TestALetterGoesEncryptedAndSignedIn(t *testing.T) {
	t.Parallel()
	letter := node.Mail{To: "kim@example.org", Subject: "Grüße", Text: "Eins.\n.\nZwei " + strings.Repeat("lang ", 40) + "\n"}
	for _, tc := range []struct {
		how, refuse string
		trust       bool
		want        string // of the error, "" for none
	}{
		{worker.SMTPStartTLS, "", true, ""},
		{worker.SMTPTLS, "", true, ""},
		{worker.SMTPStartTLS, "", false, "certificate"},
		{worker.SMTPTLS, "", false, "certificate"},
		{worker.SMTPStartTLS, "STARTTLS", true, "connect to the mail server"}, // never in the clear instead
		{worker.SMTPTLS, "AUTH", true, "sign in"},
		{worker.SMTPTLS, "RCPT", true, "550"},
	} {
		t.Run(tc.how+tc.refuse+fmt.Sprint(tc.trust), func(t *testing.T) {
			t.Parallel()
			m := newMailbox(t, tc.how, tc.refuse)
			s := worker.SMTP{Address: m.Addr().String(), Username: "ada", Password: "secret", From: "instar@a.test", TLS: tc.how, Now: time.Now}
			if tc.trust {
				s.Roots = m.pool
			}
			err := s.Send(t.Context(), letter)
			heard := strings.Join(<-m.heard, "\n")
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("Send = %v, want %q", err, tc.want)
				}
				if tc.refuse != "AUTH" && tc.refuse != "RCPT" && strings.Contains(heard, "AUTH") {
					t.Errorf("the password is told: %s", heard)
				}
				return
			}
			if err != nil {
				t.Fatalf("Send = %v", err)
			}
			for _, want := range []string{"AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00ada\x00secret")), "MAIL FROM:<instar@a.test>", "RCPT TO:<kim@example.org>", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Eins.\n..\nZwei"} {
				if !strings.Contains(heard, want) {
					t.Errorf("the server did not hear %q:\n%s", want, heard)
				}
			}
		})
	}
}
