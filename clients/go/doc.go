// Package slipway stands for the module: the stubs of Slipway's contracts lie in its folders, written from proto/ by
//
//	go generate
//
// and are used like any stubs of gRPC. README.md shows how.
package slipway

//go:generate go run -C internal/generate .
