package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"helpost/internal/blob"
	"helpost/internal/store"
)

// attachment gives the bytes of a file. Whoever opens it in a browser gets a download, never a page: what a reporter sent
// must not run in our name.
func (s *Server) attachment(w http.ResponseWriter, r *http.Request) error {
	n, ok := ParseID(r.PathValue("id"), s.Prefix)
	sum := strings.ToLower(r.PathValue("sha256"))
	if !ok {
		return s.noTicket(r)
	}
	var file store.Attachment
	var content io.ReadCloser
	err := s.Store.View(r.Context(), func(v store.Reader) error {
		if _, _, err := v.Ticket(n); err != nil {
			return err
		}
		messages, err := v.Messages(n)
		if err != nil {
			return err
		}
		if file, ok = fileOf(messages, sum); !ok {
			return store.ErrNotFound
		}
		content, err = store.OpenRef(r.Context(), v, s.Blobs, file.Ref)
		return err
	})
	if isNotFound(err) {
		return problem(http.StatusNotFound, "ticket %.40s has no such attachment", r.PathValue("id"))
	}
	if err != nil {
		return err
	}
	defer content.Close()
	h := w.Header()
	h.Set("Content-Type", safeType(file.ContentType))
	h.Set("Content-Disposition", disposition(file.Filename))
	h.Set("Content-Length", strconv.FormatInt(file.Size, 10))
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("ETag", `"`+file.SHA256+`"`)
	if r.Method == http.MethodHead {
		return nil
	}
	sent, err := io.Copy(w, io.LimitReader(content, file.Size))
	if err != nil || sent < file.Size { // the status is gone: the reader sees that the length is not kept
		s.Log.Warn("attachment cut short", "ticket", r.PathValue("id"), "sha256", file.SHA256, "sent", sent, "of", file.Size, "err", err)
	}
	return nil
}

// fileOf finds a file by the digest of its bytes.
func fileOf(messages []store.Message, sum string) (store.Attachment, bool) {
	for _, m := range messages {
		for _, a := range m.Attachments {
			if sum != "" && strings.EqualFold(a.SHA256, sum) {
				return a, true
			}
		}
	}
	return store.Attachment{}, false
}

// safeType is the type of a file that a browser may be told: pictures, sound, PDF and plain text as they are; whatever
// could run is bytes.
func safeType(declared string) string {
	t, _, err := mime.ParseMediaType(declared)
	if err != nil || t == "image/svg+xml" {
		return "application/octet-stream"
	}
	main, _, _ := strings.Cut(t, "/")
	switch {
	case main == "image", main == "audio", main == "video", t == "application/pdf":
		return t
	case t == "text/plain":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// disposition is RFC 6266's: a download, by a name without a path.
func disposition(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if name == "" || name == "." || name == ".." {
		return "attachment"
	}
	if d := mime.FormatMediaType("attachment", map[string]string{"filename": name}); d != "" {
		return d
	}
	return "attachment"
}

func isNotFound(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, blob.ErrNotFound)
}
