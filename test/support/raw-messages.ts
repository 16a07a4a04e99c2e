// Heads of HTTP/1.1 messages as text, for clients and origins that write their own bytes.

const head = (...lines: readonly string[]): string => [...lines, '', ''].join('\r\n');

export const get = (...lines: readonly string[]): string => head('GET / HTTP/1.1', 'Host: a', ...lines);
export const post = (...lines: readonly string[]): string => head('POST / HTTP/1.1', 'Host: a', ...lines);
export const ok = (...lines: readonly string[]): string => head('HTTP/1.1 200 OK', ...lines);
