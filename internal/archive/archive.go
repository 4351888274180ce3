// Package archive keeps a store and the blobs that it names in one file: it writes such a file, checks it, and brings it
// back.
//
// The file is a tar (docs/formats.md, "Backup"), so that anybody can open it. Configuration, secrets and keys are not in
// it: they are the operator's, and a backup that holds them would have to be kept as they are.
package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"slices"
	"time"

	"helpost/internal/blob"
	"helpost/internal/store/bolt"
)

// Format of the file.
const Format = 1

// The members of the file, in their order.
const (
	nameBegin    = "helpost-backup.json" // Begin
	nameStore    = "helpost.db"
	blobFolder   = "blobs/" // and the name of a blob, in order
	nameManifest = "manifest.json"
)

// Begin is the first member: what the file is.
type Begin struct {
	Format int       `json:"format"`
	Made   time.Time `json:"made"`
}

// Manifest is the last member: what the file must hold. A file without it was cut off.
type Manifest struct {
	Begin
	StoreSize   int64    `json:"store_size"`
	StoreSHA256 string   `json:"store_sha256"`
	Blobs       int      `json:"blobs"`
	BlobBytes   int64    `json:"blob_bytes"`
	Names       string   `json:"names_sha256"`      // of the blobs' names, each with a line feed
	Missing     []string `json:"missing,omitempty"` // blobs that the store names and that were missing or damaged when it was written
}

var (
	// ErrNoBackup says that a file is no backup of helpost's.
	ErrNoBackup = errors.New("it is no backup of helpost")
	// ErrDamaged says that a backup is cut off or was changed.
	ErrDamaged = errors.New("the backup is damaged")
)

// Write writes a store as it is at this moment, and the blobs that it names. Changes go on meanwhile; blobs must not be
// removed as long as it runs. A blob that is missing or damaged is left out and named in the manifest.
func Write(ctx context.Context, to io.Writer, s *bolt.Store, blobs blob.Store, now time.Time) (Manifest, error) {
	m := Manifest{Begin: Begin{Format, now.UTC().Truncate(time.Second)}}
	w := &writer{tar: tar.NewWriter(to), made: m.Made}
	if err := w.json(nameBegin, m.Begin); err != nil {
		return m, err
	}
	names := map[string]bool{}
	err := s.Snapshot(ctx, func(state bolt.Snapshot) error {
		sum := sha256.New()
		m.StoreSize = state.Size
		err := w.member(nameStore, state.Size, func(to io.Writer) error {
			_, err := state.WriteTo(io.MultiWriter(to, sum))
			return err
		})
		if err != nil {
			return fmt.Errorf("the store: %w", err)
		}
		m.StoreSHA256 = hex.EncodeToString(sum.Sum(nil))
		return state.Blobs(func(name string) { names[name] = true })
	})
	if err != nil {
		return m, err
	}
	listed := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if err := ctx.Err(); err != nil {
			return m, err
		}
		size, err := w.blob(ctx, blobs, name)
		if errors.Is(err, errLeftOut) {
			m.Missing = append(m.Missing, name)
			continue
		}
		if err != nil {
			return m, fmt.Errorf("blob %s: %w", name, err)
		}
		m.Blobs++
		m.BlobBytes += size
		listName(listed, name)
	}
	m.Names = hex.EncodeToString(listed.Sum(nil))
	if err := w.json(nameManifest, m); err != nil {
		return m, err
	}
	return m, w.tar.Close()
}

func listName(h hash.Hash, name string) { io.WriteString(h, name+"\n") } // a hash takes everything

// writer writes the members of a file.
type writer struct {
	tar  *tar.Writer
	made time.Time
}

func (w *writer) member(name string, size int64, content func(io.Writer) error) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: w.made, Format: tar.FormatPAX}
	if err := w.tar.WriteHeader(h); err != nil {
		return err
	}
	if err := content(w.tar); err != nil {
		return err
	}
	return w.tar.Flush() // says so where less was written
}

func (w *writer) json(name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	raw = append(raw, '\n')
	return w.member(name, int64(len(raw)), func(to io.Writer) error { _, err := to.Write(raw); return err })
}

// errLeftOut says that a blob cannot be kept: it is not there, or is not what its name says.
var errLeftOut = errors.New("missing or damaged")

// blob writes a blob. It is read whole before, so that a damaged one leaves no trace in the file.
func (w *writer) blob(ctx context.Context, blobs blob.Store, name string) (int64, error) {
	content, err := blob.ReadAll(ctx, blobs, name)
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case err != nil, sumOf(content) != name:
		return 0, errLeftOut
	}
	return int64(len(content)), w.member(blobFolder+name, int64(len(content)), func(to io.Writer) error {
		_, err := to.Write(content)
		return err
	})
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
