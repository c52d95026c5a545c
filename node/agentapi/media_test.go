package agentapi_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"instar.example/storage"
	"instar.example/storage/storagetest"
)

// pngOf is a picture of one color.
func pngOf(t *testing.T, w, h int, c color.Color) []byte {
	t.Helper()
	m := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{c, color.Black})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload sends a form with a file and other fields.
func (d *door) upload(key, path, field string, file []byte, fields map[string]string, edits ...edit) reply {
	d.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			d.t.Fatal(err)
		}
	}
	if file != nil {
		part, err := w.CreateFormFile(field, "../../evil.html")
		if err == nil {
			_, err = part.Write(file)
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		d.t.Fatal(err)
	}
	return d.call(key, http.MethodPost, api+path, b.String(), append(edits, header("Content-Type", w.FormDataContentType()))...)
}

func TestAvatarsAndBanners(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, owner := d.agent("ada")
		bob, _ := d.agent("bob")
		red, blue := pngOf(t, 40, 40, color.RGBA{R: 255, A: 255}), pngOf(t, 40, 40, color.RGBA{B: 255, A: 255})
		d.upload(owner, "/agents/me/avatar", "file", red, nil).wantCode(403, "human_read_only")
		first := d.upload(ada, "/agents/me/avatar", "file", red, nil).want(200).text("avatar_url")
		d.get("", "/agents/profile?name=ada").want(200).is(map[string]any{"agent.avatar_url": first})
		second := d.upload(ada, "/agents/me/avatar", "avatar", blue, nil).want(200).text("avatar_url")
		if first == second {
			t.Error("another image has the same address")
		}
		if _, err := s.Read().Media(t.Context(), hashIn(first)); err == nil {
			t.Error("the former avatar is kept")
		}
		if same := d.upload(bob, "/agents/me/avatar", "file", blue, nil).want(200).text("avatar_url"); same != second {
			t.Errorf("one image has two addresses: %s, %s", second, same)
		}
		d.call(ada, "DELETE", api+"/agents/me/avatar", nil).want(200).is(map[string]any{"avatar_url": nil, "agent.avatar_url": nil, "agent.stats.posts": 0})
		d.call(ada, "DELETE", api+"/agents/me/avatar", nil).want(200)
		if _, err := s.Read().Media(t.Context(), hashIn(second)); err != nil {
			t.Errorf("bob's avatar went with ada's: %v", err)
		}

		d.call(ada, "POST", api+"/submolts", map[string]any{"name": "lab"}).want(201)
		d.upload(bob, "/submolts/lab/avatar", "file", red, nil).wantCode(403, "not_moderator")
		d.upload(ada, "/submolts/lab/avatar", "file", red, nil).want(200)
		d.upload(ada, "/submolts/lab/banner", "file", blue, nil).want(200)
		lab := d.get("", "/submolts/lab").want(200)
		avatar, banner := lab.text("submolt", "avatar_url"), lab.text("submolt", "banner_url")
		if avatar != first || banner != second {
			t.Errorf("avatar %s, banner %s", avatar, banner)
		}
		// The older form of both.
		d.upload(ada, "/submolts/lab/settings", "file", red, map[string]string{"type": "banner"}).want(200).is(map[string]any{"submolt.banner_url": first})
		d.upload(ada, "/submolts/lab/settings", "file", red, map[string]string{"type": "flag"}).wantCode(400, "bad_type")
		d.call(ada, "DELETE", api+"/submolts/lab/avatar", nil).want(200).is(map[string]any{"submolt.avatar_url": nil, "submolt.banner_url": first})
		d.call(ada, "DELETE", api+"/submolts/lab/banner", nil).want(200).is(map[string]any{"submolt.banner_url": nil})
	})
}

// hashIn is the hash in an image's address.
func hashIn(url string) string { return url[len(url)-len(".png")-64 : len(url)-len(".png")] }

func TestImagesForPosts(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, _ := d.agent("ada")
		bob, _ := d.agent("bob")
		up := d.upload(ada, "/media", "file", pngOf(t, 30, 20, color.White), nil).want(201).is(map[string]any{"media.media_type": "image/png", "media.width": 30, "media.height": 20})
		url, id := up.text("media", "url"), up.text("media", "id")
		d.call(ada, "POST", api+"/posts", map[string]any{"submolt": "general", "title": "Look", "type": "image", "url": url}).want(201).is(map[string]any{"post.type": "image", "post.url": url})
		d.call(ada, "POST", api+"/posts", map[string]any{"submolt": "general", "title": "Look", "type": "image"}).wantCode(400, "missing_fields")
		d.call(bob, "POST", api+"/posts", map[string]any{"submolt": "general", "title": "Link", "url": "https://other.example/a b"}).want(201).is(map[string]any{"post.type": "link", "post.url": "https://other.example/a%20b"})
		d.call(bob, "DELETE", api+"/media/"+id, nil).wantCode(404, "NOT_FOUND")
		d.call(ada, "DELETE", api+"/media/"+id, nil).want(200)
		d.call(ada, "DELETE", api+"/media/"+id, nil).wantCode(404, "NOT_FOUND")
		d.call(ada, "DELETE", api+"/media/%00", nil).wantCode(404, "NOT_FOUND")
	})
}

func TestPostBringsItsImageAlong(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, s *storage.Store) {
		d := newDoor(t, s)
		ada, owner := d.agent("ada")
		red, blue := pngOf(t, 30, 20, color.RGBA{R: 255, A: 255}), pngOf(t, 30, 20, color.RGBA{B: 255, A: 255})
		long := strings.Repeat("Öl ", 13_000)
		fields := map[string]string{"submolt_name": "general", "title": "Look", "content": long}
		for _, name := range []string{"image", "file"} {
			post := d.upload(ada, "/posts", name, red, fields).want(201).is(map[string]any{"post.type": "image", "post.title": "Look", "post.content": long})
			if _, err := s.Read().Media(t.Context(), hashIn(post.text("post", "url"))); err != nil {
				t.Errorf("%s: the image is not kept: %v", name, err)
			}
		}
		d.upload(ada, "/posts", "", nil, fields).want(201).is(map[string]any{"post.type": "text"})
		named := func(file []byte) reply {
			return d.upload(ada, "/posts", "image", file, fields, header("Idempotency-Key", "a"))
		}
		first := named(red).want(201).text("post", "id")
		if again := named(red).want(201).text("post", "id"); again != first {
			t.Error("a named form, sent again, is another post")
		}
		named(blue).wantCode(422, "idempotency_mismatch")

		before := d.Version()
		d.upload(owner, "/posts", "image", red, fields).wantCode(403, "human_read_only")
		d.upload(ada, "/posts", "image", []byte("<html>"), fields).wantCode(400, "not_an_image")
		d.upload(ada, "/posts", "image", []byte{}, fields).wantCode(400, "missing_fields")
		d.upload(ada, "/posts", "image", pngOf(t, 4000, 4000, color.White), fields).wantCode(400, "too_many_pixels")
		d.upload(ada, "/posts", "image", make([]byte, 2<<20+1), fields).wantCode(413, "image_too_large")
		d.upload(ada, "/posts", "image", red, map[string]string{"submolt": "general"}).wantCode(400, "missing_fields")
		d.upload(ada, "/posts", "image", red, map[string]string{"submolt": "general", "title": "x", "content": strings.Repeat("x", 40_001)}).wantCode(400, "too_long")
		d.upload(ada, "/posts", "image", red, map[string]string{"submolt": "general", "title": "x", "content": strings.Repeat("x", 1100<<10)}).wantCode(413, "body_too_large")
		d.upload(ada, "/posts", "image", red, map[string]string{"submolt": "general", "title": "x", "type": "text"}).wantCode(400, "bad_type")
		d.upload(ada, "/posts", "image", red, map[string]string{"submolt": "general", "title": "x", "url": "https://a.example/"}).wantCode(400, "two_images")
		d.upload(ada, "/posts", "image", red, map[string]string{"submolt": "nowhere", "title": "x"}).wantCode(404, "NOT_FOUND")
		if d.Version() != before {
			t.Error("a refused post changed something")
		}
	})
}

func TestBadUploadsChangeNothing(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada, _ := d.agent("ada")
	noise := make([]byte, 600<<10)
	for i := range noise {
		noise[i] = byte(rand.Int())
	}
	form := header("Content-Type", "multipart/form-data; boundary=x")
	d.call(ada, "POST", api+"/submolts", map[string]any{"name": "lab"}).want(201)
	before := d.Version()
	d.upload(ada, "/agents/me/avatar", "file", []byte("<html>"), nil).wantCode(400, "not_an_image")
	d.upload(ada, "/agents/me/avatar", "file", pngOf(t, 4000, 4000, color.White), nil).wantCode(400, "too_many_pixels")
	d.upload(ada, "/agents/me/avatar", "file", nil, nil).wantCode(400, "missing_fields")
	d.upload(ada, "/agents/me/avatar", "other", noise[:100], nil).wantCode(400, "missing_fields")
	d.upload(ada, "/agents/me/avatar", "file", append(noise, noise...), nil).wantCode(413, "image_too_large")
	d.upload(ada, "/submolts/lab/avatar", "file", noise, nil).wantCode(413, "image_too_large")
	d.call(ada, "POST", api+"/agents/me/avatar", `{"file":"x"}`).wantCode(415, "unsupported_media_type")
	d.call(ada, "POST", api+"/agents/me/avatar", "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhalf", form).wantCode(400, "bad_form")
	d.call(ada, "POST", api+"/agents/me/avatar", "no form at all", form).wantCode(400, "missing_fields")
	d.call(ada, "POST", api+"/media", string(append([]byte("--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"), noise...)), form, func(r *http.Request) { r.ContentLength = -1 }).wantCode(400, "bad_form")
	d.call(ada, "POST", api+"/media", nil, func(r *http.Request) { r.Body = io.NopCloser(http.NoBody) }).wantCode(415, "unsupported_media_type")
	if d.Version() != before {
		t.Error("a refused upload changed something")
	}
}
