// Light, dark, or as the system has it. Rule: the choice is kept by this browser only; without one the system decides.
import { effect, signal, type Signal } from '@preact/signals';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'sluice-theme';

export const theme: Signal<Theme> = signal(kept());

export function followTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    try {
      localStorage.setItem(KEY, theme.value);
    } catch {
      // A browser that keeps nothing has the theme until the page is left.
    }
  });
}

function kept(): Theme {
  try {
    const name = localStorage.getItem(KEY);
    return THEMES.find((each) => each === name) ?? 'system';
  } catch {
    return 'system';
  }
}
