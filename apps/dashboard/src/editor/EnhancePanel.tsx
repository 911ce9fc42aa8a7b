import { Button } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useLocale } from '../app/locale.ts';
import classes from './Editor.module.css';
import { isSlow, recipeNames, settings, sliders, valueOf } from './recipes.ts';
import type { Look, Setting } from './recipes.ts';

interface Props {
  look: Look;
  onLook: (look: Look) => void;
}

/** A recipe as the starting point, and what a person turns on the picture. */
export function EnhancePanel({ look, onLook }: Props) {
  const { t } = useTranslation();
  const locale = useLocale();
  const turn = (setting: Setting, value: number) => {
    const from = look ?? { recipe: 'default' as const, parameters: {} };
    onLook({ ...from, parameters: { ...from.parameters, [setting]: value } });
  };
  return (
    <>
      <fieldset className={classes.recipes}>
        <legend>{t('enhance.recipe')}</legend>
        <label>
          <input
            type="radio"
            name="recipe"
            checked={!look}
            onChange={() => onLook(undefined)}
            data-testid="recipe-none"
          />
          <span>{t('enhance.none')}</span>
        </label>
        {recipeNames.map((recipe) => (
          <label key={recipe}>
            <input
              type="radio"
              name="recipe"
              checked={look?.recipe === recipe}
              onChange={() => onLook({ recipe, parameters: {} })}
              data-testid={`recipe-${recipe}`}
            />
            <span>{t(`enhance.${recipe}`)}</span>
          </label>
        ))}
      </fieldset>
      {look && (
        <>
          {settings.map((setting) => (
            <label key={setting} className={classes.slider} data-turned={look.parameters[setting] !== undefined}>
              <span>{t(`enhance.${setting}`)}</span>
              <output className="tnum">
                {new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(valueOf(look, setting))}
              </output>
              <input
                type="range"
                {...sliders[setting]}
                value={valueOf(look, setting)}
                onChange={(event) => turn(setting, event.currentTarget.valueAsNumber)}
                data-testid={`slider-${setting}`}
              />
            </label>
          ))}
          <Button
            variant="default"
            leftSection={<IconRefresh size={18} aria-hidden />}
            disabled={Object.keys(look.parameters).length === 0}
            onClick={() => onLook({ recipe: look.recipe, parameters: {} })}
          >
            {t('enhance.reset')}
          </Button>
          {isSlow(look.recipe) && valueOf(look, 'denoise') > 0 && (
            <p className={classes.warn} data-tone="warn">
              {t('enhance.slow')}
            </p>
          )}
        </>
      )}
      <p className={classes.hint}>{t('enhance.hint')}</p>
    </>
  );
}
