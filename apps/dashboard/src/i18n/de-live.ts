/** German texts of the live picture and its past. */
export const deLive = {
  rewind: {
    timeline: 'Zeitachse {{source}}: nach links ist zurück, rechts ist live',
    live: 'Live',
    ago: 'vor {{time}}',
    notLive: 'Nicht live',
    loading: 'Wird geholt …',
    back10: '10 Sekunden zurück',
    pause: 'Anhalten',
    play: 'Weiter',
    expired: 'Diese Stelle gibt es nicht mehr. Das Bild ist wieder live.',
    failed: 'Zurückspulen ist gerade nicht möglich. Das Bild ist wieder live.',
  },
};
