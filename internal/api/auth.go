package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// bearer lets in who names the API's token (RFC 6750 §2.1), before anything is looked up. Digests are compared, so the
// time says nothing of the token, its length included.
func (s *Server) bearer(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, given := bearerOf(r)
		digest := sha256.Sum256([]byte(token))
		if subtle.ConstantTimeCompare(digest[:], s.token[:]) == 1 && token != "" && s.Token != "" {
			next(w, r)
			return
		}
		challenge := `Bearer realm="helpost"`
		if given {
			challenge += `, error="invalid_token"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
		write(w, problem(http.StatusUnauthorized, "the API asks for its token: Authorization: Bearer TOKEN"))
	}
}

// bearerOf reads the token of a request; given says that there was one, whatever it was.
func bearerOf(r *http.Request) (token string, given bool) {
	all := r.Header.Values("Authorization")
	if len(all) != 1 {
		return "", len(all) > 1
	}
	scheme, token, found := strings.Cut(all[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || !found {
		return "", false
	}
	return strings.TrimSpace(token), true
}
