import { z } from 'zod';

// Zod compiles its parsers with `new Function` where it may; the content security policy says it may not, and even
// asking would be reported as a violation. Imported first, before any schema is used.
z.config({ jitless: true });
