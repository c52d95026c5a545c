package admin

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

// deleteImage takes an image away from all who show it.
func (a *Admin) deleteImage(r *http.Request) (answer, error) {
	hash, err := a.node.RefuseImage(r.Context(), chi.URLParam(r, "name"))
	if err != nil {
		return answer{}, err
	}
	return answer{
		Text: hash + " is deleted and refused: nobody here shows it, and nobody uploads it again. What others have of it in their memory stays for a while.\n",
		Data: struct {
			Hash string `json:"hash"`
		}{hash},
	}, nil
}
