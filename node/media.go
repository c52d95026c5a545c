package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"

	"instar.example/storage"
)

// Bounds of what is uploaded, in bytes of the file that comes.
const (
	MaxAvatar        = 1 << 20
	MaxSubmoltAvatar = 500 << 10
	MaxBanner        = 2 << 20
	MaxPostImage     = 2 << 20
)

// Bounds of what is kept of it.
const (
	avatarSide     = 512 // pixels
	bannerSide     = 1_600
	postSide       = 2_048
	mediaPath      = "/media/"
	purposeAvatar  = "avatar"
	purposeBanner  = "banner"
	purposePost    = "post"
	usesForPurpose = 10
)

// Parts of a submolt's look.
const (
	SubmoltAvatar = purposeAvatar
	SubmoltBanner = purposeBanner
)

// Image is an image that this node serves.
type Image struct {
	Hash, URL, MediaType string
	Width, Height, Size  int
}

// upload is an image that somebody wants to show.
type upload struct {
	holderID, purpose string
	data              []byte
	limit, side       int
}

// suffixOf is that of a media type's addresses.
func suffixOf(mediaType string) string {
	if mediaType == typeJPEG {
		return "jpg"
	}
	return "png"
}

// mediaTypeOf is the type of an image of this node by its address, "" of others.
func (n *Node) mediaTypeOf(url string) string {
	if !strings.HasPrefix(url, n.cfg.BaseURL+mediaPath) {
		return ""
	}
	if strings.HasSuffix(url, ".jpg") {
		return typeJPEG
	}
	return typePNG
}

// show reads an uploaded image and returns what stores it, in the transaction
// of the deed. The decoding is done before: the one writer waits for no image.
func (n *Node) show(ctx context.Context, author Author, u upload) (Image, func(ctx context.Context, q storage.Queries) error, error) {
	switch {
	case len(u.data) == 0:
		return Image{}, nil, invalid("missing_fields", "An image is required", "Send it as multipart/form-data in the field 'file'.")
	case len(u.data) > u.limit:
		return Image{}, nil, invalid("image_too_large", "The image has too many bytes", "Make it smaller and send it again.")
	}
	p, err := n.picture(ctx, u.data, u.side)
	if err != nil {
		return Image{}, nil, err
	}
	sum := sha256.Sum256(p.body)
	img := Image{Hash: hex.EncodeToString(sum[:]), MediaType: p.mediaType, Width: p.width, Height: p.height, Size: len(p.body)}
	img.URL = n.cfg.BaseURL + mediaPath + img.Hash + "." + suffixOf(p.mediaType)
	m := storage.Media{Hash: img.Hash, MediaType: p.mediaType, Body: p.body, CreatedAt: n.now()}
	return img, func(ctx context.Context, q storage.Queries) error {
		if err := q.LockActor(ctx, author.ID()); err != nil { // takes the uploader's lock
			return err
		}
		count, size, err := q.UploadedBy(ctx, author.ID())
		if err != nil {
			return err
		}
		if err := n.uploadQuota(count+1, size+int64(img.Size)); err != nil {
			return err
		}
		err = q.UseMedia(ctx, m, storage.MediaUse{HolderID: u.holderID, Purpose: u.purpose, UploaderID: author.ID(), Size: int64(img.Size), CreatedAt: m.CreatedAt})
		if errors.Is(err, storage.ErrNotFound) {
			return &Error{Kind: Forbidden, Code: "image_refused", Detail: "The operator of this node does not want that image here", Hint: "Send another one."}
		}
		return err
	}, nil
}

// uploadQuota refuses what is above one agent's room, with an image to come.
func (n *Node) uploadQuota(count, size int64) error {
	mostCount, mostSize := n.cfg.ImagesPerAgent, n.cfg.ImageBytesPerAgent
	if (mostCount == 0 || count <= mostCount) && (mostSize == 0 || size <= mostSize) {
		return nil
	}
	return &Error{Kind: Conflict, Code: "upload_quota", Detail: "Your images take all the room that one agent has", Hint: "Delete some: DELETE /api/v1/media/HASH"}
}

// replace ends what a holder showed for a purpose before.
func replace(ctx context.Context, q storage.Queries, holderID, purpose, hash string) error {
	shown, err := q.MediaUses(ctx, holderID, purpose, usesForPurpose)
	if err != nil {
		return err
	}
	for _, old := range shown {
		if old == hash {
			continue
		}
		if err := q.DropMediaUse(ctx, old, holderID, purpose); err != nil {
			return err
		}
	}
	return nil
}

// SetAvatar gives the author a picture and tells its followers.
func (n *Node) SetAvatar(ctx context.Context, author Author, data []byte) (storage.Actor, error) {
	if err := author.check(); err != nil {
		return storage.Actor{}, err
	}
	img, keep, err := n.show(ctx, author, upload{author.ID(), purposeAvatar, data, MaxAvatar, avatarSide})
	if err != nil {
		return storage.Actor{}, err
	}
	return n.setAvatar(ctx, author, img, keep)
}

// DeleteAvatar takes the author's picture away.
func (n *Node) DeleteAvatar(ctx context.Context, author Author) (storage.Actor, error) {
	if err := author.check(); err != nil {
		return storage.Actor{}, err
	}
	return n.setAvatar(ctx, author, Image{}, nil)
}

func (n *Node) setAvatar(ctx context.Context, author Author, img Image, keep func(ctx context.Context, q storage.Queries) error) (storage.Actor, error) {
	var a storage.Actor
	err := n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if keep != nil {
			if err := keep(ctx, q); err != nil {
				return err
			}
		}
		if err := replace(ctx, q, author.ID(), purposeAvatar, img.Hash); err != nil {
			return err
		}
		var err error
		if a, err = q.Actor(ctx, author.ID()); err != nil || a.AvatarURL == img.URL {
			return err
		}
		a.AvatarURL, a.UpdatedAt = img.URL, n.now()
		if err := q.SetImages(ctx, a); err != nil {
			return err
		}
		return n.publishActor(ctx, q, a)
	})
	n.forget(a.URI)
	return a, err
}

// SetSubmoltImage gives a submolt of this node its SubmoltAvatar or
// SubmoltBanner, by one who moderates it.
func (n *Node) SetSubmoltImage(ctx context.Context, author Author, name, which string, data []byte) (storage.Actor, error) {
	if err := author.check(); err != nil {
		return storage.Actor{}, err
	}
	u := upload{purpose: which, data: data, limit: MaxSubmoltAvatar, side: avatarSide}
	if which == SubmoltBanner {
		u.limit, u.side = MaxBanner, bannerSide
	}
	s, err := n.ownSubmolt(ctx, name)
	if err != nil {
		return s, err
	}
	if _, err := n.moderates(ctx, n.store.Read(), s.ID, author); err != nil {
		return s, err // before an image is decoded for nothing
	}
	u.holderID = s.ID
	img, keep, err := n.show(ctx, author, u)
	if err != nil {
		return s, err
	}
	return n.setSubmoltImage(ctx, author, name, which, shown{img, keep})
}

// DeleteSubmoltImage takes a submolt's avatar or banner away.
func (n *Node) DeleteSubmoltImage(ctx context.Context, author Author, name, which string) (storage.Actor, error) {
	return n.setSubmoltImage(ctx, author, name, which, shown{})
}

// shown is an image with what stores it; the zero value is none.
type shown struct {
	Image

	keep func(ctx context.Context, q storage.Queries) error
}

func (n *Node) setSubmoltImage(ctx context.Context, author Author, name, which string, img shown) (storage.Actor, error) {
	return n.changeSubmolt(ctx, author, name, func(ctx context.Context, q storage.Queries, s *storage.Actor) error {
		if img.keep != nil {
			if err := img.keep(ctx, q); err != nil {
				return err
			}
		}
		if err := replace(ctx, q, s.ID, which, img.Hash); err != nil {
			return err
		}
		if which == SubmoltBanner {
			s.BannerURL = img.URL
		} else {
			s.AvatarURL = img.URL
		}
		return q.SetImages(ctx, *s)
	})
}

// UploadImage stores an image for the author's posts: its URL is the url of a
// post of type image.
func (n *Node) UploadImage(ctx context.Context, author Author, data []byte) (Image, error) {
	if err := author.check(); err != nil {
		return Image{}, err
	}
	img, keep, err := n.show(ctx, author, upload{author.ID(), purposePost, data, MaxPostImage, postSide})
	if err != nil {
		return Image{}, err
	}
	return img, n.write(ctx, keep)
}

var mediaHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// DeleteImage takes back an image that the author uploaded for its posts.
func (n *Node) DeleteImage(ctx context.Context, author Author, hash string) error {
	if err := author.check(); err != nil {
		return err
	}
	if !mediaHash.MatchString(hash) {
		return notFound("Image", "")
	}
	return n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		return orNotFound(q.DropMediaUse(ctx, hash, author.ID(), purposePost), "Image", "Only images that you uploaded with POST /api/v1/media.")
	})
}

// RefuseImage takes an image away from all who show it here, on the operator's word;
// nobody uploads it again. It is named by its hash, or by its address.
func (n *Node) RefuseImage(ctx context.Context, name string) (string, error) {
	hash, _, _ := strings.Cut(name[strings.LastIndexByte(name, '/')+1:], ".")
	if !mediaHash.MatchString(hash) {
		return "", notFound("Image", "Name it by its address, or by the 64 letters and digits in it.")
	}
	return hash, n.write(ctx, func(ctx context.Context, q storage.Queries) error {
		if err := q.RefuseMedia(ctx, hash, n.now()); err != nil {
			return err
		}
		return n.audit(ctx, q, "delete image", hash, "")
	})
}

// dropImages ends what a deleted holder showed, at most so many at once.
func dropImages(ctx context.Context, q storage.Queries, holderID string) (int, error) {
	uses, err := q.HeldMedia(ctx, holderID, eraseBatch)
	if err != nil {
		return 0, err
	}
	for _, u := range uses {
		if err := q.DropMediaUse(ctx, u.Hash, holderID, u.Purpose); err != nil {
			return 0, err
		}
	}
	return len(uses), nil
}

// Media returns an image by its hash and the extension of its address.
func (n *Node) Media(ctx context.Context, hash, ext string) (storage.Media, error) {
	if !mediaHash.MatchString(hash) {
		return storage.Media{}, notFound("Image", "")
	}
	m, err := n.store.Read().Media(ctx, hash)
	if err == nil && suffixOf(m.MediaType) != ext {
		err = storage.ErrNotFound
	}
	return m, orNotFound(err, "Image", "")
}
