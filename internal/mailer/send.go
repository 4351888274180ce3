package mailer

import (
	"bytes"
	"context"
	"fmt"

	"helpost/internal/store"
)

// Send sends one mail through the relay, past any queue: for `helpost check --send`. With Config.DKIM it is signed. Its error
// names the relay, and holds the *smtp.SMTPError where the relay refused.
func Send(ctx context.Context, cfg Config, from, to string, content []byte) error {
	if err := cfg.complete(); err != nil {
		return err
	}
	m, err := prepare(ctx, []store.Segment{{Bytes: content}}, nil, cfg.DKIM)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	if err := m.writeTo(ctx, &lines); err != nil {
		return err
	}
	s, err := connect(ctx, &cfg)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, s.drop)()
	if err := s.client.SendMail(from, []string{to}, &lines); err != nil {
		s.drop()
		return fmt.Errorf("relay %s: %w", cfg.Address, err)
	}
	s.quit()
	return nil
}
