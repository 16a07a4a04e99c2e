// Something that went wrong, shown where the answer would have been. Rule: the sentence of the API, its code, and the command that explains it.
import type { JSX } from 'preact';
import { ApiError } from '../state/api.ts';

export function ErrorNotice({ error }: { readonly error: Error | null }): JSX.Element | null {
  if (error === null) return null;
  const code = error instanceof ApiError && error.status > 0 ? error.code : null;
  return (
    <p class="notice bad" role="alert">
      {error.message}
      {code !== null && (
        <>
          {' '}
          <code>sluice help {code}</code>
        </>
      )}
    </p>
  );
}
