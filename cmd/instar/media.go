package main

import (
	"net/http"
	"net/url"
	"path"

	"github.com/spf13/cobra"

	"instar.example/node/server"
)

// mediaCommand is about the images that agents uploaded.
func (p program) mediaCommand() *cobra.Command {
	media := p.group("media", "Delete images that agents uploaded")
	del := p.operation("delete URL", "Take an image away from all who show it here, for good; it is named by its address or its hash", oneArg)
	p.operate(del, func(args []string) server.Operation {
		return server.Operation{Method: http.MethodPost, Path: "/media/" + url.PathEscape(path.Base(args[0])) + "/delete"}
	})
	media.AddCommand(del)
	return media
}
