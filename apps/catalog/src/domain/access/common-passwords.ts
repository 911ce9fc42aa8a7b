/**
 * Long passwords that are tried first: the well-known ones of at least twelve characters, and what people make of the
 * words around them here. Compared without case, signs, digits around them, and with the usual letter swaps undone.
 */
export const commonPasswords: readonly string[] = [
  ...['123456789012', '1234567890123', '12345678901234', '0123456789ab', '123456789abc', '1234567890qwerty'],
  ...['qwertyuiop12', 'qwertyuiop123', 'qwertyuiopasdf', 'qwertyuiopasdfghjkl', 'qwertzuiop12', 'qwertzuiop123'],
  ...['qwertzuiopasdf', 'asdfghjkl123', 'asdfghjklqwe', 'asdfghjklyxcvbnm', '1qaz2wsx3edc', '1qaz2wsx3edc4rfv'],
  ...['1q2w3e4r5t6y', '1q2w3e4r5t6z', 'zaq12wsxcde3', 'abcdefghijkl', 'abcdefghijklm', 'abcdefghijklmnopqrstuvwxyz'],
  ...['abcd12345678', 'abc123456789', 'passwordpassword', 'password1234', 'password12345', 'password123456'],
  ...['password2025', 'password2026', 'password2027', 'passwort1234', 'passwort12345', 'passwortpasswort'],
  ...['passwort2025', 'passwort2026', 'passwort2027', 'meinpasswort', 'meinpasswort1', 'meinpasswort123'],
  ...[
    'mypassword12',
    'mypassword123',
    'thisismypassword',
    'correcthorsebatterystaple',
    'letmeinplease',
    'letmein12345',
  ],
  ...['letmeinletmein', 'changemechangeme', 'changeme1234', 'bitteaendern', 'bitteändern', 'geheimgeheim'],
  ...['geheim123456', 'adminadminadmin', 'administrator', 'administrator1', 'administrator123', 'admin1234567'],
  ...['admin12345678', 'rootrootroot', 'welcome12345', 'welcome123456', 'willkommen12', 'willkommen123'],
  ...['willkommen1234', 'willkommen2025', 'willkommen2026', 'willkommen2027', 'iloveyou1234', 'iloveyouiloveyou'],
  ...['ichliebedich', 'ichliebedich1', 'schatzischatzi', 'hallohallo12', 'hallohallohallo', 'sonnenschein'],
  ...['sonnenschein1', 'sonnenschein12', 'sommer202512', 'fruehling2026', 'frühling2026', 'fruehling2027'],
  ...['herbst202612', 'winter202612', 'schalke04schalke04', 'bayernmuenchen', 'bayernmünchen', 'fcbayernmuenchen'],
  ...['borussiadortmund', 'krankenhaus1', 'krankenhaus12', 'krankenhaus123', 'krankenhaus2026', 'operationssaal'],
  ...['operationssaal1', 'operation1234', 'chirurgie123', 'chirurgie1234', 'endoskopie12', 'endoskopie123'],
  ...['endoscopy123', 'endoscopy1234', 'hospital1234', 'hospital12345', 'hospital2026', 'surgery12345'],
  ...['smartboxsmartbox', 'smartbox1234', 'smartbox12345', 'smartbox2026', 'smartbox2027', 'klinikum1234'],
  ...['klinikum12345', 'klinikum2026', 'anaesthesie1', 'anästhesie12', 'trustno1trustno1', 'superman1234'],
  ...['princess1234', 'football1234', 'baseball1234', 'monkey123456', 'dragon123456', 'michael12345'],
  ...['starwars1234', 'whatever1234', 'computer1234', 'internet1234', 'samsung12345', 'master123456'],
  ...['startrek1234', 'testtesttest', 'test12345678', 'testpassword', 'testpassword1', 'defaultpassword'],
];
