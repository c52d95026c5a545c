package worker

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/smtp"
	"time"

	"instar.example/node"
)

// smtpTimeout bounds one letter.
const smtpTimeout = 30 * time.Second

// Kinds of encryption of a connection to a mail server.
const (
	SMTPStartTLS = "starttls"
	SMTPTLS      = "tls"
	SMTPPlain    = "none"
)

// SMTP is a mail server that takes letters to owners (RFC 5321).
type SMTP struct {
	Address            string // host:port
	Username, Password string // "" for not signing in
	From               string
	TLS                string // SMTPStartTLS, SMTPTLS or SMTPPlain
	Now                func() time.Time
	// Roots are the authorities trusted; nil is the system's.
	Roots *x509.CertPool
}

// Send hands a letter to the mail server.
func (s SMTP) Send(ctx context.Context, m node.Mail) error {
	ctx, cancel := context.WithTimeout(ctx, smtpTimeout)
	defer cancel()
	c, err := s.connect(ctx)
	if err != nil {
		return fmt.Errorf("connect to the mail server: %w", err)
	}
	defer func() { _ = c.Close() }() // after Quit there is nothing to lose
	if s.Username != "" {
		host, _, _ := net.SplitHostPort(s.Address)
		if err := c.Auth(smtp.PlainAuth("", s.Username, s.Password, host)); err != nil {
			return fmt.Errorf("sign in to the mail server: %w", err)
		}
	}
	if err := errors.Join(c.Mail(s.From), c.Rcpt(m.To)); err != nil {
		return fmt.Errorf("send a letter: %w", err)
	}
	w, err := c.Data()
	if err != nil {
		return fmt.Errorf("send a letter: %w", err)
	}
	letter, err := s.letter(m)
	if err != nil {
		return err
	}
	_, err = w.Write(letter)
	if err := errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("send a letter: %w", err)
	}
	_ = c.Quit() // the letter is taken
	return nil
}

func (s SMTP) connect(ctx context.Context) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: s.Roots}
	if s.TLS == SMTPTLS {
		conn = tls.Client(conn, secure)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if s.TLS == SMTPStartTLS {
		if err := c.StartTLS(secure); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// letter is a mail's text (RFC 5322). Addresses were checked where they came
// from; what stands in headers holds no line break.
func (s SMTP) letter(m node.Mail) ([]byte, error) {
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", s.From},
		{"To", m.To},
		{"Subject", mime.QEncoding.Encode("utf-8", m.Subject)},
		{"Date", s.Now().UTC().Format(time.RFC1123Z)},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
		{"Auto-Submitted", "auto-generated"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, err := w.Write([]byte(m.Text))
	return b.Bytes(), errors.Join(err, w.Close())
}
