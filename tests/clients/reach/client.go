// A Go client: `client URL`. Prints the status. The proxy comes from HTTPS_PROXY, the roots from SSL_CERT_FILE.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	answer, err := http.Get(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(answer.StatusCode)
}
