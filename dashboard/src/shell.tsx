// What is around every page: the side bar, the way past it, the keys. Rule: a page is given the whole room beside it and nothing else.
import type { ComponentType, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { ErrorNotice } from './components/error-notice.tsx';
import { Mark } from './components/mark.tsx';
import { KeyHelp } from './key-help.tsx';
import { loadPage, PAGES, type PageEntry } from './pages.ts';
import { followKeys } from './state/keys.ts';
import { addressOf, route } from './state/route.ts';
import { signOut } from './state/session.ts';
import { theme, THEMES } from './state/theme.ts';

export function Shell({ user, version }: { readonly user: string; readonly version: string }): JSX.Element {
  const help = useSignal(false);
  useEffect(() => followKeys(() => (help.value = true)), []);
  const { page } = route.value;
  const entry = PAGES.find(({ id }) => id === page);
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={skipToPage}>
        Skip to the page
      </a>
      <SideBar current={page} user={user} version={version} onHelp={() => (help.value = true)} />
      <main id="main" class="page" tabIndex={-1}>
        {entry === undefined ? <NoSuchPage name={page} /> : <LoadedPage key={entry.id} entry={entry} />}
      </main>
      {help.value && <KeyHelp onClose={() => (help.value = false)} />}
    </div>
  );
}

/** The address belongs to the router. */
function skipToPage(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}

interface SideBarProps {
  readonly current: string;
  readonly user: string;
  readonly version: string;
  readonly onHelp: () => void;
}

function SideBar({ current, user, version, onHelp }: SideBarProps): JSX.Element {
  const groups = Map.groupBy(PAGES, ({ group }) => group);
  return (
    <header class="side">
      <a class="brand" href={addressOf('overview')}>
        <Mark /> Sluice
      </a>
      <nav aria-label="Pages">
        {[...groups].map(([group, entries]) => (
          <section key={group}>
            <h2>{group}</h2>
            <ul>
              {entries.map((entry) => (
                <PageLink key={entry.id} entry={entry} isCurrent={entry.id === current} />
              ))}
            </ul>
          </section>
        ))}
      </nav>
      <div class="side-foot">
        <ThemeSwitch />
        <p class="quiet">
          <span title="Whose token it is">{user}</span>
          <button class="plain" type="button" onClick={() => void signOut()}>
            Sign out
          </button>
        </p>
        <p class="quiet">
          <span>Sluice {version}</span>
          <button class="plain" type="button" onClick={onHelp} aria-keyshortcuts="?" title="Keyboard shortcuts">
            Keys <kbd>?</kbd>
          </button>
        </p>
      </div>
    </header>
  );
}

function PageLink({ entry, isCurrent }: { readonly entry: PageEntry; readonly isCurrent: boolean }): JSX.Element {
  return (
    <li>
      <a href={addressOf(entry.id)} aria-current={isCurrent ? 'page' : undefined}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d={entry.icon} />
        </svg>
        {entry.title}
      </a>
    </li>
  );
}

const THEME_TITLES = { system: 'Auto', light: 'Light', dark: 'Dark' } as const;

function ThemeSwitch(): JSX.Element {
  return (
    <fieldset class="segments">
      <legend class="unseen">Theme</legend>
      {THEMES.map((each) => (
        <label key={each}>
          <input type="radio" name="theme" checked={theme.value === each} onChange={() => (theme.value = each)} />
          <span>{THEME_TITLES[each]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function LoadedPage({ entry }: { readonly entry: PageEntry }): JSX.Element {
  const page = useSignal<{ readonly Page: ComponentType } | null>(null);
  const error = useSignal<Error | null>(null);
  const isLeft = useRef(false);
  useEffect(() => {
    document.title = `${entry.title} · Sluice`;
    loadPage(entry.id).then(
      (Page) => {
        if (!isLeft.current) page.value = { Page };
      },
      (thrown: unknown) => (error.value = thrown instanceof Error ? thrown : new Error(String(thrown))),
    );
    return () => {
      isLeft.current = true;
    };
  }, [entry.id]);
  if (error.value !== null) return <ErrorNotice error={error.value} />;
  if (page.value === null) return <p class="waiting">Loading {entry.title}…</p>;
  const { Page } = page.value;
  return <Page />;
}

function NoSuchPage({ name }: { readonly name: string }): JSX.Element {
  return (
    <>
      <h1>Nothing here</h1>
      <p>
        There is no page <q>{name}</q>. <a href={addressOf('overview')}>Go to the overview</a>
      </p>
    </>
  );
}
