#!/usr/bin/python3
"""Renders the synthetic voices of the recipe: espeak-ng, flite and festival, 16 kHz mono.

usage: speak.py --out DIR [--festival ROOT]
writes DIR/VOICE/NN.wav. Numbers are spoken where nobody here writes the language: digits are read
in every one of them, and speech is all that is wanted.
"""
import argparse, os, random, subprocess
from concurrent.futures import ThreadPoolExecutor

PT = """A reunião começa às dez e vai até o meio-dia, se tudo correr bem.
Você consegue me ouvir agora? Acho que o meu microfone estava desligado.
Pessoal, vou compartilhar a tela com vocês, só um instante.
Não concordo com essa ideia, porque o custo é muito alto para nós.
O Rafael ficou de mandar o contrato assinado até sexta-feira.
Que ótima notícia! Parabéns para toda a equipe pelo resultado.
Olha, sinceramente, eu não sei se dá tempo de terminar isso hoje.
Então vamos fazer assim: eu fico com a parte do banco de dados.
A chuva derrubou a internet do escritório duas vezes ontem à tarde.
Alguém mais quer falar antes de a gente encerrar?
Minha filha está gripada, por isso preciso sair um pouco mais cedo.
O relatório mostra que as vendas cresceram trinta e sete por cento.
Já falei com o fornecedor e ele prometeu baixar o preço.
Por favor, deixem os microfones fechados enquanto ela apresenta.
Sim, exatamente, é isso que eu estava tentando explicar.
Na próxima versão a gente arruma o botão e melhora a tela de login.
Quantas pessoas vão participar do treinamento em São Paulo?
Achei o texto longo demais; dá para cortar umas duas páginas.
Obrigada, João. Agora passo a palavra para a Conceição.
Eu moro no Recife, mas trabalho com um pessoal de Porto Alegre.""".split('\n')
EN = """Can you hear me now, or is my microphone still muted?
Let me share my screen so that everybody can see the figures.
Honestly, I do not think that we can finish this before Friday.
She asked whether the invoice had already been paid.
That is wonderful news, congratulations to the whole team.
The rain took our connection down twice yesterday afternoon.
What happens if the second supplier says no?
We moved the release to March, because testing took longer.
Please keep it short, we only have ten minutes left.
I agree with most of that, except for the part about prices.
Every morning he walks three miles along the river.
Who would like to take the notes this week?""".split('\n')
OTHER = {
    'es': ['Buenos días a todos, empezamos en cinco minutos.', 'No estoy de acuerdo con esa propuesta, me parece demasiado cara.', '¿Alguien puede compartir la pantalla, por favor?', 'El informe llegó ayer por la tarde y todavía no lo he leído.', 'Mañana hablaremos con el cliente sobre los plazos.', 'Gracias por venir, ha sido una reunión muy útil.'],
    'fr': ['Bonjour à tous, nous commençons dans cinq minutes.', 'Je ne suis pas certain que ce soit une bonne idée.', 'Est-ce que quelqu’un peut partager son écran ?', 'Le rapport est arrivé hier soir et je ne l’ai pas encore lu.', 'Demain nous parlerons des délais avec le client.', 'Merci à tous, cette réunion était très utile.'],
    'de': ['Guten Morgen zusammen, wir fangen in fünf Minuten an.', 'Ich bin mir nicht sicher, ob das eine gute Idee ist.', 'Kann bitte jemand seinen Bildschirm zeigen?', 'Der Bericht kam gestern Abend, ich habe ihn noch nicht gelesen.', 'Morgen sprechen wir mit dem Kunden über die Fristen.', 'Vielen Dank, das war eine sehr nützliche Besprechung.'],
    'it': ['Buongiorno a tutti, cominciamo fra cinque minuti.', 'Non sono sicuro che sia una buona idea.', 'Qualcuno può condividere lo schermo, per favore?', 'La relazione è arrivata ieri sera e non l’ho ancora letta.', 'Domani parleremo delle scadenze con il cliente.', 'Grazie a tutti, è stata una riunione molto utile.'],
    'nl': ['Goedemorgen allemaal, we beginnen over vijf minuten.', 'Ik weet niet zeker of dat een goed idee is.', 'Kan iemand zijn scherm delen, alsjeblieft?', 'Het verslag kwam gisteravond, ik heb het nog niet gelezen.', 'Morgen praten we met de klant over de planning.'],
    'cs': ['Dobrý den, začínáme za pět minut.', 'Nejsem si jistý, jestli je to dobrý nápad.', 'Může někdo sdílet obrazovku, prosím?', 'Zpráva přišla včera večer a ještě jsem ji nečetl.', 'Zítra budeme mluvit se zákazníkem o termínech.'],
    'pl': ['Dzień dobry, zaczynamy za pięć minut.', 'Nie jestem pewien, czy to dobry pomysł.', 'Czy ktoś może udostępnić ekran?', 'Raport przyszedł wczoraj wieczorem.'],
    'fi': ['Hyvää huomenta kaikille, aloitamme viiden minuutin kuluttua.', 'En ole varma, onko tämä hyvä ajatus.', 'Voiko joku jakaa näyttönsä?', 'Raportti saapui eilen illalla, en ole vielä lukenut sitä.', 'Huomenna puhumme asiakkaan kanssa aikataulusta.'],
    'ca': ['Bon dia a tothom, comencem d’aquí a cinc minuts.', 'No estic segur que sigui una bona idea.', 'Algú pot compartir la pantalla, si us plau?', 'L’informe va arribar ahir al vespre i encara no l’he llegit.', 'Demà parlarem amb el client dels terminis.'],
}
PT_VARIANTS = ['f1', 'f3', 'f4', 'f5', 'm2', 'm4', 'm7', 'm8', 'Diogo', 'Annie', 'antonio', 'marcelo', 'Andrea', 'steph', 'sandro', 'linda', 'pablo', 'anika', 'Hugo', 'paul', 'grandma', 'belinda', 'caleb', 'Mario']
PT_HELD = ['Henrique', 'Alicia', 'pedro', 'm5']
LANGS = ['af', 'ar', 'bg', 'bn', 'cmn', 'cy', 'da', 'el', 'en-gb', 'en-us', 'en-gb-scotland', 'es', 'es-419', 'et', 'eu', 'fa', 'fi', 'fr-fr', 'ga', 'de', 'hi', 'hr', 'hu', 'hy', 'id', 'is', 'it', 'ka', 'ko', 'lv', 'mk', 'ml', 'ms', 'nb', 'ne', 'nl', 'pl', 'pt', 'ro', 'ru', 'sk', 'sl', 'sq', 'sv', 'sw', 'ta', 'te', 'tr', 'uk', 'ur', 'vi', 'yue', 'zh']
VARIANTS = ['f1', 'f2', 'f3', 'f4', 'f5', 'm2', 'm3', 'm4', 'm6', 'm7', 'm8', 'Alex', 'Andy', 'Denis', 'Gene', 'Jacky', 'Lee', 'Marco', 'Michael', 'Mike', 'Storm', 'adam', 'aunty', 'benjamin', 'boris', 'david', 'ed', 'edward', 'gustave', 'grandpa', 'iven', 'john', 'max', 'michel', 'miguel', 'norbert', 'quincy', 'rob', 'robert', 'shelby', 'travis', 'victor', 'zac', 'whisper', 'whisperf', 'klatt', 'klatt4']


def texts(lang, rng, n):
    base = PT if lang == 'pt-br' else EN if lang.startswith('en') else OTHER.get(lang.split('-')[0], [])
    out = list(base)
    while len(out) < n:
        out.append(' '.join(str(rng.choice([rng.randint(1, 99), rng.randint(100, 9999), rng.randint(10000, 999999)])) for _ in range(rng.randint(2, 5))))
    rng.shuffle(out)
    return out[:n]


def jobs(root):
    rng = random.Random(7)
    for v in PT_VARIANTS + PT_HELD:
        for i, t in enumerate(texts('pt-br', rng, 14 if v in PT_VARIANTS else 18)):
            yield f'espeak-pt-{v}', i, ['espeak-ng', '-v', f'pt-br+{v}', '-s', str(rng.randint(125, 230)), '-p', str(rng.randint(25, 75)), '-w', '{}', t]
    for k, lang in enumerate(LANGS):
        for v in (VARIANTS[(2 * k) % len(VARIANTS)], VARIANTS[(2 * k + 1) % len(VARIANTS)]):
            for i, t in enumerate(texts(lang, rng, 6)):
                yield f'espeak-{lang}-{v}', i, ['espeak-ng', '-v', f'{lang}+{v}', '-s', str(rng.randint(125, 240)), '-p', str(rng.randint(25, 75)), '-w', '{}', t]
    for v in ('slt', 'rms', 'kal'):
        for i, t in enumerate(texts('en', rng, 12)):
            yield f'flite-{v}', i, ['flite', '-voice', v, '--setf', f'duration_stretch={rng.uniform(0.75, 1.3):.2f}', '-t', t, '-o', '{}']
    if root:
        for v, lang in (('lp_diphone', 'it'), ('pc_diphone', 'it'), ('hi_nsk', 'num'), ('czech_dita', 'cs'), ('czech_machac', 'cs'), ('czech_ph', 'cs'), ('upc_ca_ona_hts', 'ca'), ('cmu_us_slt_arctic_hts', 'en'), ('suo_fi_lj_diphone', 'fi'), ('hy_fi_mv_diphone', 'fi'), ('ked_diphone', 'en')):
            for i, t in enumerate(texts(lang, rng, 10)):
                yield f'festival-{v}', i, ('festival', v, t)


def one(job, out, root):
    name, i, cmd = job
    wav = os.path.join(out, name, f'{i:02d}.wav')
    os.makedirs(os.path.dirname(wav), exist_ok=True)
    if os.path.exists(wav):
        return
    if cmd[0] == 'festival':
        text = cmd[2].encode('iso-8859-2' if 'czech' in name else 'latin-1', 'ignore').decode('latin-1').replace('"', '')
        scm = f'(voice_{cmd[1]}) (set! u (utt.synth (Utterance Text "{text}"))) (utt.save.wave u "{wav}" \'riff)'
        env = dict(os.environ, LD_LIBRARY_PATH=f'{root}/usr/lib:{root}/usr/lib/x86_64-linux-gnu')
        subprocess.run([f'{root}/usr/bin/festival', '--libdir', f'{root}/usr/share/festival', '--batch', '/dev/stdin'], input=scm.encode('latin-1'), env=env, timeout=60)
    else:
        subprocess.run([c if c != '{}' else wav for c in cmd], stderr=subprocess.DEVNULL)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--out', required=True)
    ap.add_argument('--festival', default='')
    a = ap.parse_args()
    with ThreadPoolExecutor(2) as ex:
        list(ex.map(lambda j: one(j, a.out, a.festival), jobs(a.festival)))


if __name__ == '__main__':
    main()
