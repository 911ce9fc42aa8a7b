/** Of people, on moving pictures; 0 is the room's. Each is drawn over a dark edge. */
const colours = ['#ffffff', '#ffd43b', '#3bc9db', '#f783ac', '#a9e34b', '#ff922b', '#b197fc'] as const;

export const colourOf = (colour: number): string => colours[colour % colours.length] ?? colours[0];
