"""Brazilian Portuguese voices alone: the kit's own and more variants of the same synthesiser."""
from meetkit import TEXT_PT
from sources_public import SPEC as PUBLIC

MORE = {'f1': 150, 'f3': 160, 'f4': 145, 'm2': 155, 'm5': 165, 'm7': 150}  # words a minute
VOICES = {name: voice for name, voice in PUBLIC['voices'].items() if name.startswith('espeak-pt')}
VOICES.update({f'pt-{v}': ('espeak', f'pt-br+{v}', TEXT_PT, ('-s', str(speed))) for v, speed in MORE.items()})
SPEC = dict(PUBLIC, voices=VOICES, human=list(VOICES))
