// The public address of a tunnel. Rule: a server elsewhere may have named it, so only an address of the web is a link.
import type { JSX } from 'preact';

export function PublicLink({ url }: { readonly url: string }): JSX.Element {
  if (!/^https?:\/\//i.test(url)) return <code>{url}</code>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer">
      {url}
    </a>
  );
}
