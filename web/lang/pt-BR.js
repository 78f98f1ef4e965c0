// Português do Brasil: a língua de que as outras partem. Um par é singular e plural, escolhido por {n}.
/** @typedef {string | readonly [string, string]} Entry */

const words = {
  brand: 'Prosa', nav: 'Páginas', language: 'Língua', skip: 'Ir para o conteúdo', loading: 'Carregando…', more: 'Mostrar mais', again: 'Tentar de novo',
  undo: 'Desfazer', hear: 'Ouvir', search: 'Procurar', signout: 'Sair', 'to.signin': 'Entrar', minute: 'min {n}',
  'search.by': 'Procurar por', 'search.room': 'sala', 'search.person': 'pessoa',

  'signin.title': 'Entrar', 'signin.lead': 'O que se passa na conversa, enquanto ela acontece.', 'signin.email': 'E-mail', 'signin.password': 'Senha',
  'signin.do': 'Entrar', 'signin.wrong': 'E-mail ou senha não conferem.', 'signin.slow': 'Muitas tentativas; espere um pouco.',
  'signin.invalid': 'Confira o e-mail e a senha.',
  'signin.plain': 'Esta conexão não é segura (HTTP): o acesso vale só para esta aba, até ela fechar.',
  'signin.framed': 'Esta página está dentro de outra. O acesso vem dela; senhas não se digitam aqui.', 'signin.window': 'Abrir em uma janela própria',
  'link.bad': 'Este link expirou ou não é válido. Peça um novo a quem o enviou.', 'link.forbidden': 'Este link não dá direito de anfitrião nesta sala.',
  'link.unknown': 'A reunião deste link não existe.',
  'open.title': 'Sem entrar', 'open.lead': 'Neste servidor, o retorno está aberto a todos.', 'open.room': 'Nome da sala', 'open.do': 'Abrir',
  'rights.title': 'Reuniões deste navegador', 'rights.until': 'até {at}', 'rights.revoke': 'Devolver o acesso',

  'error.away': 'O servidor não responde. A página tenta de novo.', 'error.refused': 'Não foi possível.',
  'status.400': 'O pedido não foi entendido.', 'status.401': 'Falta entrar: este conteúdo pede uma conta ou um link de anfitrião.',
  'status.403': 'Sua conta não tem direito a esta reunião: é preciso ser anfitrião dela ou da organização dona.', 'status.404': 'Esta reunião não existe, ou é de outra organização.',
  'status.409': 'Agora não: a reunião ainda não começou ou não acabou.', 'status.429': 'Pedidos demais; espere um pouco.', 'status.500': 'O servidor falhou neste pedido.',
  'status.503': 'O servidor está ocupado ou saindo; tente em instantes.',

  'meetings.title': 'Reuniões', 'meetings.live': 'Agora', 'meetings.since': 'desde {at}', 'meetings.none': 'Ainda não houve reuniões.',
  'meetings.none.found': 'Nada encontrado.', 'meetings.found': ['{n} reunião', '{n} reuniões'],

  'live.everyone': 'Todos', 'live.pause': 'Pausar figuras', 'live.resume': 'Continuar figuras', 'live.discreet': 'Discreto', 'live.cards': 'O que observar',
  'live.new': ['{n} novo', '{n} novos'], 'live.digest': ['mais {n} assunto', 'mais {n} assuntos'], 'live.since': 'desde {at} · {length}',
  'live.people': ['{n} pessoa', '{n} pessoas'], 'live.stale': 'dados de {at}', 'live.fresh': 'em dia', 'live.lost': ['{n} aviso antigo já apagado', '{n} avisos antigos já apagados'],
  'mood.connecting': 'Conectando…', 'mood.away': 'Conexão perdida; voltando sozinha', 'mood.signed-out': 'O acesso acabou; entre de novo', 'mood.forbidden': 'Sem direito a esta reunião',
  'mood.not-found': 'Esta reunião não existe aqui', 'mood.gone': 'A sala foi esquecida', 'mood.ended': 'A reunião acabou; o relatório já vem', 'mood.waiting': 'Esperando a reunião começar',
  'mood.paused': 'A análise descansa: servidor ocupado', 'mood.alone': 'Esperando as pessoas', 'mood.attention': ['Pede atenção agora', 'Pede atenção agora ({n} assuntos)'],
  'mood.look': ['Um assunto para olhar', '{n} assuntos para olhar'], 'mood.well': 'A conversa vai bem',
  'say.away': 'A conexão com o servidor se perdeu.', 'say.back': 'A conexão voltou.', 'discreet.end': 'Mostrar de novo',

  'severity.info': 'Nota', 'severity.warning': 'Aviso', 'severity.critical': 'Crítico',
  'card.group': 'o grupo', 'card.everybody': 'todos', 'card.why': 'Por quê?', 'card.hear': 'Ouvir estes dez segundos', 'card.hear.stop': 'Parar', 'card.hear.failed': 'Sem som deste trecho',
  'card.told': 'Já falei', 'card.wrong': 'Errado', 'card.quiet': 'De novo não…', 'card.quiet.quarter': 'por 15 minutos', 'card.quiet.end': 'até o fim da reunião',
  'card.count': ['{n} vez', '{n} vezes'], 'card.minute': 'minuto {at}', 'card.measured': 'Medido', 'card.limit': 'Limite', 'card.window': 'Ao longo de', 'card.sure': 'Base',
  'card.speech': '{share} de fala', 'card.delay': 'Atraso do som', 'card.when': 'Quando', 'card.also': 'Também',
  'settled.told': 'Marcado como dito', 'settled.wrong': 'Anotado: estava errado', 'settled.quiet': 'Silenciado: {who}, {at}', until: 'até {at}', 'until.end': 'até o fim da reunião',

  'people.title': 'Participantes', 'people.name': 'Nome', 'people.level': 'Nível (dBFS)', 'people.share': 'Fala', 'people.ribbon': 'Últimos cinco minutos', 'people.mark': 'Marca',
  'people.folded': ['e {n} que ainda não falou', 'e {n} que ainda não falaram'], 'people.fold': 'Recolher quem ainda não falou',
  'person.host': 'anfitrião', 'person.left': 'saiu',
  'state.speaks': 'fala', 'state.overlaps': 'fala junto', 'state.silent': 'calado', 'state.muted': 'mudo', 'state.gap': 'sem som', 'state.away': 'sem microfone',
  'level.clip': 'estourou', 'level.clip.reset': 'O som chegou ao máximo. Clique para limpar a marca.',
  'ribbon.text': '{speech} s de fala, {overlap} s junto com outros, {muted} s mudo, {gap} s sem som', 'ribbon.s': 'fala', 'ribbon.o': 'fala junto', 'ribbon.m': 'mudo', 'ribbon.g': 'sem som', 'ribbon.event': 'aviso',
  'mark.presents': 'apresenta', 'mark.interview': 'Entrevista', 'mark.class': 'Aula', 'mark.presents.on': 'Apresenta', 'mark.presents.off': 'Não apresenta mais',
  'kind.talk': 'Conversa', 'kind.interview': 'Entrevista', 'kind.class': 'Aula',

  'options.title': 'Opções', 'options.kind': 'Esta reunião é', 'options.tell': 'Avisar', 'options.sound': 'Som no que é crítico', 'options.notify': 'Notificação no que é crítico (sem nomes)',
  'options.notify.never': 'Notificações pedem HTTPS e uma janela própria.', 'options.keys': 'Teclas de uma letra', 'options.keys.list': 'E todos · P pausar · D discreto · R ler o estado',
  'options.lasting': 'Silenciados e marcas', 'options.lasting.none': 'Nada silenciado.',

  'type.volume_baixo': 'Volume baixo', 'type.volume_alto': 'Volume alto', 'type.silencio_prolongado': 'Silêncio', 'type.overlap_fala': 'Falas sobrepostas', 'type.monologo_prolongado': 'Monólogo',
  'type.interrupcoes_frequentes': 'Interrupções', 'type.ritmo_acelerado': 'Ritmo acelerado', 'type.ritmo_pausado': 'Ritmo pausado', 'type.monotonia_prosodica': 'Voz monótona', 'type.ruido_de_fundo': 'Ruído de fundo',
  'type.tendencia_emocional_negativa': 'Tendência negativa', 'type.engajamento_baixo': 'Engajamento baixo', 'type.frustracao_crescente': 'Frustração', 'type.entusiasmo_alto': 'Entusiasmo',
  'type.energia_grupo_baixa': 'Energia do grupo', 'type.polarizacao_emocional': 'Polarização', 'type.efeito_pos_interrupcao': 'Depois de interrupção',
  'unit.syllables': 'sílabas/s', 'unit.semitones': 'semitons', 'unit.pace': 'sílabas por segundo', 'unit.melody': 'semitons', 'unit.loudness': 'dBFS',

  'report.title': 'Relatório', 'report.of': 'Relatório de {room}', 'report.save': 'Salvar', 'report.print': 'Imprimir', 'report.live': 'Ver ao vivo', 'report.running': 'A reunião continua; isto vai até {at}.',
  'report.incomplete': 'Nem tudo foi ouvido: {heard} analisados.', 'report.newer': 'Há mais, até {at}.', 'report.show': 'Mostrar', 'report.moments': 'Momentos que valem ouvir', 'report.timeline': 'Linha do tempo',
  'report.talk': 'Como se falou', 'report.matrix': 'Quem entrou na fala de quem', 'report.attendance': 'Quem esteve', 'report.over': 'Ao longo do tempo', 'report.events': 'O que foi avisado', 'report.events.none': 'Nada foi avisado.',
  'report.none': 'Pouca fala para medir.', 'report.foot': 'Tudo aqui é medido no som que chegou ao servidor. Não há nota de ninguém.',
  'report.joined': 'Entrou', 'report.left': 'Saiu', 'report.stays': 'ainda está', 'report.present': 'Presente', 'report.reconnects': 'Reconexões', 'report.when': 'Quando', 'report.share': 'Parte da fala',
  'report.presence': 'Do tempo presente', 'report.length': 'Falou', 'report.turns': 'Vezes', 'report.longest': 'Fala mais longa', 'report.gaps': 'Resposta (s)', 'report.pace': 'Ritmo', 'report.melody': 'Melodia', 'report.loudness': 'Volume',
  'figure.people': 'Pessoas', 'figure.speech': 'Com fala', 'figure.turns': 'Vezes de fala', 'figure.floor': 'Tomou a palavra / falou junto', 'figure.floor.more': 'tomar a palavra não é o mesmo que acompanhar', 'figure.overlap': 'Falas sobrepostas',
  'figure.silence': 'Silêncio', 'figure.silence.more': ['{n} pausa longa, de {longest}', '{n} pausas longas, a maior de {longest}'],
  'moments.none': 'Ainda não há momentos.', 'moment.exchange': 'A troca mais viva: {who}, {n} mudanças de voz', 'moment.turn': 'A fala mais longa: {who}, {length}', 'moment.silence': 'O silêncio mais longo, {length}',
  'marks.person': '{who} apresentou: a parte de fala se lê com isso.', 'marks.interview': 'Era uma entrevista.', 'marks.class': 'Era uma aula.',
  'matrix.none': 'Ninguém entrou na fala de ninguém.', 'matrix.read': 'Linha: quem entrou. Coluna: quem falava. Em negrito, tomou a palavra; depois da barra, falou junto.', 'matrix.corner': 'entrou ↓ na fala de →',
  'matrix.cell': '{by} na fala de {of}: tomou a palavra {took} ×, falou junto {along} ×', 'matrix.plays': 'Trecho {n} de {all}, em {at}',
  'table.show': 'Como tabela', 'hear.at': 'Ouvir os dez segundos até {at}', 'hear.span': 'Ouvir {length}',
  'player.title': 'Som da reunião', 'player.hear': 'Ouvir a partir de {at}', 'player.pause': 'Pausar', 'player.back': 'Dez segundos atrás (J)', 'player.on': 'Dez segundos à frente (L)', 'player.place': 'Lugar na reunião',
  'player.rate': 'Velocidade', 'player.tracks': 'De quem', 'player.all': 'Todos', 'player.skip': 'Pular silêncios', 'player.failed': 'Não há som deste trecho: não foi gravado, foi apagado, ou o servidor não responde.', 'player.until': 'Gravado até {at}.',
  'operators.title': 'Servidor', 'operators.well': 'Tudo em ordem', 'operators.degraded': 'Fora do normal: {parts}', 'operators.meetings': 'Reuniões agora', 'operators.paused': ['{n} sem análise', '{n} sem análise'], 'operators.tracks': 'Trilhas', 'operators.video': '{n} de vídeo',
  'operators.disk': 'Disco', 'operators.hours': '{n} h', 'operators.free': 'de um microfone; {size} livres', 'operators.up': 'No ar há', 'operators.version': 'versão {version}, {shards} fios', 'operators.lost': 'Áudio perdido: {size}',
  'operators.hour': 'A última hora', 'operators.chart.tracks': 'Trilhas', 'operators.chart.late': 'Ciclos atrasados', 'operators.chart.queue': 'Fila do disco', 'operators.chart.drops': 'Descartes', 'operators.most': 'no máximo {value}',
  'operators.doors': 'Portas abertas', 'operators.doors.none': 'Nenhuma.',
  'csv.excel': 'para planilhas', 'csv.plain': 'para programas', 'csv.json': 'tudo, como o servidor tem',
  'csv.name': 'Nome', 'csv.id': 'Identidade', 'csv.joined': 'Entrou', 'csv.left': 'Saiu', 'csv.present': 'Presente (s)', 'csv.reconnects': 'Reconexões', 'csv.talk': 'Fala (s)', 'csv.share': 'Parte da fala', 'csv.presence': 'Fala no tempo presente',
  'csv.turns': 'Vezes', 'csv.longest': 'Fala mais longa (s)', 'csv.took': 'Tomou a palavra', 'csv.along': 'Falou junto', 'csv.overlap': 'Sobreposição (s)', 'csv.gaps': 'Resposta mediana (s)', 'csv.pace': 'Sílabas/s', 'csv.melody': 'Semitons', 'csv.loudness': 'dBFS',
};

/** @type {Record<keyof typeof words, Entry>} */
export const ptBR = /** @type {any} */ (words);
