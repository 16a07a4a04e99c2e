// The page that a browser gets in place of an answer of ours. Rule: whatever stands in it is text; it needs nothing from elsewhere.

export interface PlainPage {
  readonly heading: string;
  readonly text: string;
  readonly small: string;
}

export function plainPage({ heading, text, small }: PlainPage): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(heading)}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}small{opacity:.6}</style>
<h1>${escapeHtml(heading)}</h1>
<p>${escapeHtml(text)}</p>
<small>${escapeHtml(small)}</small>
`;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
]);

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (mark) => ENTITIES.get(mark) ?? mark);
}
