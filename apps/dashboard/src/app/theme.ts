import { createTheme, defaultVariantColorsResolver } from '@mantine/core';
import type { CSSVariablesResolver } from '@mantine/core';

export const theme = createTheme({
  fontFamily: "'Inter', system-ui, sans-serif",
  headings: { fontFamily: "'Inter', system-ui, sans-serif", fontWeight: '650' },
  primaryColor: 'azure',
  primaryShade: { light: 7, dark: 4 },
  // The primary colour is dark in the light scheme and light in the dark one: its text has to change with it.
  variantColorResolver: (input) => {
    const colors = defaultVariantColorsResolver(input);
    if (input.variant !== 'filled' || (input.color !== undefined && input.color !== 'azure')) return colors;
    return { ...colors, background: 'var(--accent)', hover: 'var(--accent-strong)', color: 'var(--on-accent)' };
  },
  defaultRadius: 'md',
  cursorType: 'pointer',
  colors: {
    // Mantine's greys are neutral; ours lean towards the blue of the surfaces.
    dark: [
      '#dbe4eb',
      '#aebdc9',
      '#8ea1b0',
      '#6d8293',
      '#4a5d6c',
      '#2a3945',
      '#1b2731',
      '#131c24',
      '#0f171e',
      '#0b1117',
    ],
    gray: [
      '#f3f6f8',
      '#eaeff3',
      '#dde5eb',
      '#d3dce4',
      '#b6c3ce',
      '#8595a3',
      '#64757f',
      '#4a5b69',
      '#2c3b47',
      '#10202d',
    ],
    azure: [
      '#e8f3fe',
      '#cfe5fb',
      '#a6d0f8',
      '#7cbcff',
      '#5eb1ff',
      '#2f8fe6',
      '#1273c8',
      '#0b5cad',
      '#0a4f95',
      '#083f78',
    ],
  },
});

/** Mantine draws with the tokens of `styles/tokens.css`, so that its parts and ours are one. */
export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--bg)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--text-soft)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-default-hover': 'var(--surface-2)',
    '--mantine-color-placeholder': 'var(--text-soft)',
    '--mantine-color-error': 'var(--bad-mark)',
  };
  return { variables: {}, light: shared, dark: shared };
};
