package server_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"instar.example/node/nodetest"
)

// sendImage uploads a picture of one color.
func sendImage(t *testing.T, n *nodetest.Node, a *nodetest.Agent, path string, c color.Color) map[string]any {
	t.Helper()
	status, got := offerImage(t, n, a, path, c)
	if status >= 300 {
		t.Fatalf("upload: %d %v", status, got)
	}
	return got
}

// offerImage is sendImage for one that may be refused.
func offerImage(t *testing.T, n *nodetest.Node, a *nodetest.Agent, path string, c color.Color) (status int, got map[string]any) {
	t.Helper()
	var body, picture bytes.Buffer
	if err := png.Encode(&picture, image.NewPaletted(image.Rect(0, 0, 32, 32), color.Palette{c, color.Black})); err != nil {
		t.Fatal(err)
	}
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", "x.png")
	if err == nil {
		_, err = part.Write(picture.Bytes())
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.URL()+"/api/v1"+path, &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Authorization", "Bearer "+a.Key)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		t.Fatalf("upload: %d %v", res.StatusCode, err)
	}
	return res.StatusCode, got
}

func TestImagesAreServedAndFederated(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		c := newCommunity(t, database)
		background(t, func() {
			c.bob.Do(http.MethodPost, "/agents/ada@"+c.a.Host+"/follow", nil).Want(http.StatusOK)
		}, c.a, c.b)
		avatar, _ := sendImage(t, c.a, c.ada, "/agents/me/avatar", color.White)["avatar_url"].(string)
		banner, _ := sendImage(t, c.a, c.ada, "/submolts/lab/banner", color.RGBA{R: 9, A: 255})["submolt"].(map[string]any)["banner_url"].(string)
		picture, _ := sendImage(t, c.a, c.ada, "/media", color.RGBA{G: 9, A: 255})["media"].(map[string]any)["url"].(string)
		c.ada.Do(http.MethodPost, "/posts", map[string]any{"submolt": "lab", "title": "A picture", "type": "image", "url": picture}).Want(http.StatusCreated)
		nodetest.Settle(t, c.a, c.b)

		path := strings.TrimPrefix(avatar, c.a.URL())
		status, body, h := c.a.Get(path, "image/*")
		if _, err := png.Decode(strings.NewReader(body)); status != http.StatusOK || err != nil {
			t.Fatalf("GET %s: %d, %v", path, status, err)
		}
		for name, want := range map[string]string{
			"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
			"Cache-Control": "public, max-age=31536000, immutable",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %q, want %q", name, h.Get(name), want)
			}
		}
		for _, bad := range []string{strings.Replace(path, ".png", ".jpg", 1), strings.Replace(path, ".png", ".html", 1), "/media/..%2fsecret.key.png", "/media/x", path + "x"} {
			if status, _, _ := c.a.Get(bad, "image/*"); status != http.StatusNotFound {
				t.Errorf("GET %s: %d, want 404", bad, status)
			}
		}
		for path, want := range map[string]string{"/u/ada": `"icon":{"type":"Image","mediaType":"image/png","url":"` + avatar + `"}`, "/m/lab": `"image":{"type":"Image","mediaType":"image/png","url":"` + banner + `"}`} {
			if _, doc, _ := c.a.Get(path, "application/activity+json"); !strings.Contains(doc, want) {
				t.Errorf("the document at %s lacks %s", path, want)
			}
		}
		if got := c.bob.Do(http.MethodGet, "/agents/profile?name=ada@"+c.a.Host, nil).Value("agent", "avatar_url"); got != avatar {
			t.Errorf("avatar on b = %v, want %s", got, avatar)
		}
		if got := c.bob.Do(http.MethodGet, "/submolts/lab@"+c.a.Host, nil).Value("submolt", "banner_url"); got != banner {
			t.Errorf("banner on b = %v, want %s", got, banner)
		}
		p := c.bob.Do(http.MethodGet, "/submolts/lab@"+c.a.Host+"/feed?sort=new", nil).List("posts")[0]
		if p["title"] != "A picture" || p["type"] != "image" || p["url"] != picture {
			t.Errorf("the image post on b: %v", p)
		}
		c.ada.Do(http.MethodDelete, "/agents/me/avatar", nil).Want(http.StatusOK)
		nodetest.Settle(t, c.a, c.b)
		if got := c.bob.Do(http.MethodGet, "/agents/profile?name=ada@"+c.a.Host, nil).Value("agent", "avatar_url"); got != nil {
			t.Errorf("avatar on b after its end = %v", got)
		}
		if status, _, _ := c.a.Get(path, "image/*"); status != http.StatusNotFound {
			t.Errorf("a deleted image is served: %d", status)
		}
	})
}

// An image goes with the agent that showed it, unless somebody else shows it, too; and
// one that the operator deletes goes at once and does not come back.
func TestImagesGo(t *testing.T) {
	t.Parallel()
	nodetest.Each(t, func(t *testing.T, database func(tb testing.TB) nodetest.Option) {
		n := nodetest.New(t, database(t))
		ada, bob := n.Agent("ada"), n.Agent("bob")
		own, _ := sendImage(t, n, ada, "/agents/me/avatar", color.White)["avatar_url"].(string)
		both, _ := sendImage(t, n, ada, "/media", color.RGBA{R: 255, A: 255})["media"].(map[string]any)["url"].(string)
		sendImage(t, n, bob, "/agents/me/avatar", color.RGBA{R: 255, A: 255})
		shown := func(address string) int {
			status, _, _ := n.Get(strings.TrimPrefix(address, n.URL()), "")
			return status
		}
		if a, b := shown(own), shown(both); a != http.StatusOK || b != http.StatusOK {
			t.Fatalf("the images are answered %d and %d", a, b)
		}
		operator(t, n, http.MethodPost, "/agents/ada/delete", nil)
		nodetest.Settle(t, n)
		if a, b := shown(own), shown(both); a != http.StatusNotFound || b != http.StatusOK {
			t.Errorf("after ada's deletion they are answered %d and %d", a, b)
		}
		operator(t, n, http.MethodPost, "/media/"+both[strings.LastIndexByte(both, '/')+1:]+"/delete", nil)
		if got := shown(both); got != http.StatusNotFound {
			t.Errorf("deleted by the operator, the image is answered %d", got)
		}
		if got, _ := offerImage(t, n, bob, "/media", color.RGBA{R: 255, A: 255}); got != http.StatusForbidden {
			t.Errorf("uploaded again it is answered %d", got)
		}
	})
}
