// The mark of Sluice. Rule: it is decoration, and is never read out.
import type { JSX } from 'preact';

export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M6 11h9v10H6M26 11h-5v10h5" />
    </svg>
  );
}
