package mailer

import (
	"context"
	"io"

	"helpost/internal/blob"
	"helpost/internal/store"
)

// StoredContent is the Content of rows that refer to a store's raw mails and to blobs.
type StoredContent struct {
	Store interface {
		View(ctx context.Context, fn func(store.Reader) error) error
	}
	Blobs blob.Store
}

// Open opens a segment (store.OpenSegment).
func (c StoredContent) Open(ctx context.Context, s store.Segment) (io.ReadCloser, error) {
	var content io.ReadCloser
	err := c.Store.View(ctx, func(r store.Reader) error {
		var err error
		content, err = store.OpenSegment(ctx, r, c.Blobs, s)
		return err
	})
	return content, err
}
