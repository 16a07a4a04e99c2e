// Keys for those who leave the mouse alone: `g` and a letter go to a page, `/` to the filter, `?` shows them all. Rule: a key that somebody types into
// a field, or holds with another one, is theirs.
import { PAGES } from '../pages.ts';
import { addressOf, goTo } from './route.ts';

const SECOND_KEY_MS = 1200;

/** Returns what ends it. */
export function followKeys(showHelp: () => void): () => void {
  let leaderAtMs = -Infinity;
  const hear = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const isSecond = event.timeStamp - leaderAtMs < SECOND_KEY_MS;
    leaderAtMs = -Infinity;
    if (isSecond) {
      const page = PAGES.find(({ key }) => key === event.key);
      if (page !== undefined) goTo(addressOf(page.id));
    } else if (event.key === 'g') leaderAtMs = event.timeStamp;
    else if (event.key === '?') showHelp();
    else if (event.key === '/') focusFilter(event);
  };
  document.addEventListener('keydown', hear);
  return () => document.removeEventListener('keydown', hear);
}

function focusFilter(event: KeyboardEvent): void {
  const filter = document.querySelector<HTMLInputElement>('main input[type="search"]');
  if (filter === null) return;
  event.preventDefault();
  filter.focus();
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
