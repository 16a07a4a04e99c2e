// The parts of a path as a route's pattern sees them. Rule: the path is walked as the router walks it (`..`, `.` and empty parts
// mean what they mean there), but what is kept is spelled as it was sent.

/** A path that ends with a slash has an empty last part. */
export function pathParts(path: string): string[] {
  const kept: string[] = [];
  const parts = path.split('/').slice(1);
  for (const [index, part] of parts.entries()) {
    const plain = part.replaceAll(/%2e/gi, '.');
    if (plain === '..') kept.pop();
    else if (plain !== '.' && plain !== '') kept.push(spelled(part));
    if (index === parts.length - 1 && (plain === '' || plain === '.' || plain === '..')) kept.push('');
  }
  return kept;
}

/** What has no place in a URL is encoded: a browser takes a backslash for a slash. */
function spelled(part: string): string {
  return part.replaceAll(/[^\x21-\x7e]|["<>\\^`{|}]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
