import { useTranslation } from 'react-i18next';
import { useAppConfig } from '../api/queries.ts';

/** What a kind of procedure is called; its name, while that is not known. */
export function useRecipeTitle(): (name: string) => string {
  const { i18n } = useTranslation();
  const { data } = useAppConfig();
  return (name) =>
    data?.recipes.find((recipe) => recipe.name === name)?.title[i18n.language === 'de' ? 'de' : 'en'] ?? name;
}
