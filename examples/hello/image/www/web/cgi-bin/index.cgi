#!/bin/busybox sh
if greeting=$(/bin/busybox wget -q -O - "$GREETER"); then
  printf 'Content-Type: text/plain\r\n\r\n%s\n' "$greeting"
else
  printf 'Status: 502 Bad Gateway\r\nContent-Type: text/plain\r\n\r\nno answer from %s\n' "$GREETER"
fi
