// Package blob keeps large values by their content: raw mails and attachments over Limit bytes.
//
// A blob is named by the sha256 of its bytes and never changes. It is durable before Put returns, so a commit may name it.
package blob

import (
	"context"
	"errors"
	"io"
	"iter"
)

// Limit is the size in bytes above which a value goes to a blob instead of the store.
const Limit = 64 << 10

var (
	// ErrNotFound says that there is no blob of that name.
	ErrNotFound = errors.New("blob not found")
	// ErrFull says that there is no room for a blob.
	ErrFull = errors.New("no room for blobs")
)

// Store keeps blobs. All methods may be called from many goroutines.
type Store interface {
	// Put makes all values durable and returns their names, in order. What is there already is not written again.
	Put(ctx context.Context, values ...[]byte) ([]string, error)
	// Open reads a blob: size known, seekable.
	Open(ctx context.Context, name string) (Reader, error)
	// Delete removes a blob; a missing one is no error.
	Delete(ctx context.Context, name string) error
	// All lists the names of all blobs.
	All(ctx context.Context) iter.Seq2[string, error]
}

// Reader is an open blob.
type Reader interface {
	io.Reader
	io.ReaderAt
	io.Closer
	Size() int64
}

// ReadAll reads a whole blob.
func ReadAll(ctx context.Context, s Store, name string) ([]byte, error) {
	r, err := s.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	all := make([]byte, r.Size())
	_, err = io.ReadFull(r, all)
	return all, err
}
