package node

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"instar.example/storage"
)

// Mail is a letter to an owner. The worker sends it.
type Mail struct {
	To, Subject, Text string

	id       string
	attempts int64
}

const (
	sealedMail   = "mail"
	mailTries    = 6
	mailPause    = 30 * time.Second
	mailMostWait = 15 * time.Minute
)

// sealMail makes a letter's row: what is in it is a key to an owner's page.
func (n *Node) sealMail(m Mail) (id string, sealed []byte, err error) {
	b, err := json.Marshal(m)
	if err != nil {
		return "", nil, err
	}
	sealed, err = n.seal(sealedMail, string(b))
	return n.cfg.NewID(), sealed, err
}

// LeaseMails leases letters that are to be sent. Those that are for nobody are
// thrown away.
func (n *Node) LeaseMails(ctx context.Context, owner string, lease time.Duration, limit int) ([]Mail, error) {
	due, err := n.store.Read().MailsDue(ctx, n.now())
	if err != nil || !due {
		return nil, err
	}
	var rows []storage.Mail
	err = n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		var err error
		rows, err = q.LeaseMails(ctx, owner, n.now(), n.Now().Add(lease).UnixMilli(), limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	mails := make([]Mail, 0, len(rows))
	for _, r := range rows {
		text, err := n.unseal(sealedMail, r.Sealed)
		if err != nil {
			return nil, err
		}
		m := Mail{id: r.ID, attempts: r.Attempts}
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return nil, err
		}
		mails = append(mails, m)
	}
	return mails, nil
}

// MailSent forgets a letter.
func (n *Node) MailSent(ctx context.Context, m Mail) error {
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return ignoreNotFound(q.DeleteMail(ctx, m.id))
	})
}

// MailFailed keeps a letter for another try, a few times.
func (n *Node) MailFailed(ctx context.Context, m Mail) error {
	if m.attempts+1 >= mailTries {
		return n.MailSent(ctx, m)
	}
	due := n.Now().Add(min(mailPause<<m.attempts, mailMostWait)).UnixMilli()
	return n.store.Tx(ctx, func(ctx context.Context, q storage.Queries) error {
		return ignoreNotFound(q.RetryMail(ctx, m.id, due))
	})
}

// ShowMail writes a letter into the log: what a node in development does
// instead of sending it.
func (n *Node) ShowMail(ctx context.Context, m Mail) {
	n.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "a letter to an owner, not sent: smtp.address is not set", slog.String("subject", m.Subject), slog.String("text", m.Text))
}
