// Starts the dashboard. Rule: a token in the address is gone from there before anything else happens.
import { render } from 'preact';
import { App } from './app.tsx';
import { signIn } from './state/session.ts';
import { tokenInAddress } from './state/token-in-address.ts';
import { followTheme } from './state/theme.ts';
import './styles/base.css';
import './styles/parts.css';

followTheme();
void signIn(tokenInAddress);
render(<App />, document.querySelector('#app') ?? document.body);
