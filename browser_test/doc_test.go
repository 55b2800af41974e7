// Package browser_test sees what somebody sees who types `bifrost demo` and opens the
// dashboard: it builds the real program, starts it, and drives its pages in a headless
// Chromium (the package chromium of Debian), by mouse and by keyboard, in light and dark,
// on a desk and on a phone. It is a module of its own, so that nobody else downloads what
// drives a browser.
//
// Nothing leaves the machine: the browser resolves no name, and a request to any other
// address than the program's own fails the tests, as do errors in the browser's console
// and what the page's security policy refuses.
//
// Screenshots of every page are in the folder out, which is made anew in each run; they
// are there to be looked at. Accessibility is checked by axe-core, which
// `npm install` puts into the folder node.
package browser_test
