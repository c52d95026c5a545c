package agentapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"instar.example/node"
)

// Bounds of a form.
const (
	formOverhead = 16 << 10 // bytes beside the file, of a form that is an upload alone
	formParts    = 20
)

// form is what came as multipart/form-data.
type form struct {
	file   []byte // nil when there was none
	fields map[string]string
}

// formBounds are how many bytes a form may have.
type formBounds struct {
	file, beside int64
}

// isForm says whether a request says that its body is one.
func isForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == formType
}

const formType = "multipart/form-data"

// isFileField says whether a field holds the image: clients differ.
func isFileField(name string) bool {
	switch name {
	case "file", "avatar", "banner", "image":
		return true
	}
	return false
}

// readForm reads an upload.
func (a *API) readForm(w http.ResponseWriter, r *http.Request, most formBounds) (form, error) {
	f := form{fields: map[string]string{}}
	if !isForm(r) {
		return f, &fault{
			status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", detail: "The body must be multipart/form-data",
			hint: "Send the image in the field 'file': curl -F file=@picture.png",
		}
	}
	if r.ContentLength > most.file+most.beside {
		return f, errFileTooLarge(most.file)
	}
	r.Body = http.MaxBytesReader(w, r.Body, most.file+most.beside)
	parts, err := r.MultipartReader()
	if err != nil {
		return f, errBadForm()
	}
	for range formParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return f, formError(err, most.file)
		}
		if err := f.read(part, most); err != nil {
			return f, err
		}
	}
	return f, errBadForm()
}

// read takes one part. Of two files the first one counts.
func (f *form) read(part *multipart.Part, most formBounds) error {
	isFile, limit := isFileField(part.FormName()) && f.file == nil, most.beside
	if isFile {
		limit = most.file
	}
	b, err := io.ReadAll(io.LimitReader(part, limit+1))
	switch over := err == nil && int64(len(b)) > limit; {
	case over && !isFile:
		return errTooLarge(limit)
	case over:
		return errFileTooLarge(limit)
	case err != nil:
		return formError(err, most.file)
	case isFile:
		f.file = b
	default:
		f.fields[part.FormName()] = string(b)
	}
	return nil
}

func formError(err error, limit int64) error {
	if _, is := errors.AsType[*http.MaxBytesError](err); is {
		return errFileTooLarge(limit)
	}
	return errBadForm()
}

func errBadForm() error {
	return invalid("bad_form", "The form cannot be read", "Send multipart/form-data with the image in the field 'file': curl -F file=@picture.png")
}

func errFileTooLarge(limit int64) error {
	return &fault{
		status: http.StatusRequestEntityTooLarge, code: "image_too_large",
		detail: fmt.Sprintf("The image is over %d bytes", limit), hint: "Make it smaller and send it again.",
	}
}

func (a *API) setAvatar(ctx context.Context, c *call) (reply, error) {
	x, err := a.node.SetAvatar(ctx, c.author, c.form.file)
	if err != nil {
		return reply{}, err
	}
	j, err := a.wholeAgent(ctx, x)
	return reply{http.StatusOK, avatarAnswer{Message: "Avatar updated", AvatarURL: orNull(x.AvatarURL), Agent: j}}, err
}

func (a *API) deleteAvatar(ctx context.Context, c *call) (reply, error) {
	x, err := a.node.DeleteAvatar(ctx, c.author)
	if err != nil {
		return reply{}, err
	}
	j, err := a.wholeAgent(ctx, x)
	return reply{http.StatusOK, avatarAnswer{Message: "Avatar removed", Agent: j}}, err
}

type avatarAnswer struct {
	Message   string    `json:"message"`
	AvatarURL *string   `json:"avatar_url"`
	Agent     agentJSON `json:"agent"`
}

// submoltImage sets a submolt's avatar or banner.
func (a *API) submoltImage(which string) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		if _, err := a.node.SetSubmoltImage(ctx, c.author, c.name(), which, c.form.file); err != nil {
			return reply{}, err
		}
		return a.changedSubmolt(ctx, c, "The "+which+" is updated")
	}
}

func (a *API) deleteSubmoltImage(which string) handler {
	return func(ctx context.Context, c *call) (reply, error) {
		if _, err := a.node.DeleteSubmoltImage(ctx, c.author, c.name(), which); err != nil {
			return reply{}, err
		}
		return a.changedSubmolt(ctx, c, "The "+which+" is removed")
	}
}

// submoltForm is the older form of both: a field says which image it is.
func (a *API) submoltForm(ctx context.Context, c *call) (reply, error) {
	switch which := first(strings.TrimSpace(c.form.fields["type"]), node.SubmoltAvatar); which {
	case node.SubmoltAvatar, node.SubmoltBanner:
		return a.submoltImage(which)(ctx, c)
	default:
		return reply{}, invalid("bad_type", "type must be avatar or banner", "Or use POST .../avatar and POST .../banner.")
	}
}

func (a *API) uploadImage(ctx context.Context, c *call) (reply, error) {
	img, err := a.node.UploadImage(ctx, c.author, c.form.file)
	if err != nil {
		return reply{}, err
	}
	return created(mediaAnswer{Message: "Image stored", Media: mediaJSON{
		ID: img.Hash, URL: img.URL, MediaType: img.MediaType, Width: img.Width, Height: img.Height, Size: img.Size,
	}, HowToPost: `POST ` + prefix + `/posts {"submolt_name":"...","title":"...","type":"image","url":"` + img.URL + `"}`})
}

func (a *API) deleteImage(ctx context.Context, c *call) (reply, error) {
	if err := a.node.DeleteImage(ctx, c.author, c.id()); err != nil {
		return reply{}, err
	}
	return ok(message{Message: "Image deleted"})
}

// mediaJSON is an image that this node serves.
type mediaJSON struct {
	ID        string `json:"id"`
	URL       string `json:"url"`
	MediaType string `json:"media_type"`
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	Size      int    `json:"size"`
}

type mediaAnswer struct {
	Message   string    `json:"message"`
	Media     mediaJSON `json:"media"`
	HowToPost string    `json:"how_to_post"`
}
