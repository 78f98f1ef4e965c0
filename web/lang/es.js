// Español.
/** @import { Entry } from './pt-BR.js' */
/** @import { ptBR } from './pt-BR.js' */

/** @type {Record<keyof typeof ptBR, Entry>} */
export const es = {
  brand: 'Prosa', nav: 'Páginas', language: 'Idioma', skip: 'Ir al contenido', loading: 'Cargando…', more: 'Mostrar más', again: 'Probar de nuevo',
  undo: 'Deshacer', hear: 'Oír', search: 'Buscar', signout: 'Salir', 'to.signin': 'Entrar', minute: 'min {n}',
  'search.by': 'Buscar por', 'search.room': 'sala', 'search.person': 'persona',

  'signin.title': 'Entrar', 'signin.lead': 'Cómo va una conversación, mientras va.', 'signin.email': 'Correo electrónico', 'signin.password': 'Contraseña',
  'signin.do': 'Entrar', 'signin.wrong': 'El correo o la contraseña no coinciden.', 'signin.slow': 'Demasiados intentos; espere un poco.',
  'signin.invalid': 'Revise el correo y la contraseña.',
  'signin.plain': 'Esta conexión no es segura (HTTP): el acceso vale solo para esta pestaña, hasta que se cierre.',
  'signin.framed': 'Esta página está dentro de otra. El acceso viene de ella; aquí no se escriben contraseñas.', 'signin.window': 'Abrir en una ventana propia',
  'link.bad': 'Este enlace ha caducado o no es válido. Pida uno nuevo a quien lo envió.', 'link.forbidden': 'Este enlace no da derecho de anfitrión en esa sala.',
  'link.unknown': 'La reunión de este enlace no existe.',
  'open.title': 'Sin entrar', 'open.lead': 'En este servidor los avisos están abiertos a todos.', 'open.room': 'Nombre de la sala', 'open.do': 'Abrir',
  'rights.title': 'Reuniones de este navegador', 'rights.until': 'hasta el {at}', 'rights.revoke': 'Devolver el acceso',

  'error.away': 'El servidor no responde. La página sigue probando.', 'error.refused': 'No fue posible.',
  'status.400': 'No se entendió la petición.', 'status.401': 'Falta entrar: esto pide una cuenta o un enlace de anfitrión.',
  'status.403': 'Su cuenta no tiene derecho a esta reunión: hay que ser su anfitrión o de la organización dueña.', 'status.404': 'Esta reunión no existe, o es de otra organización.',
  'status.409': 'Ahora no: la reunión no ha empezado o no ha terminado.', 'status.429': 'Demasiadas peticiones; espere un poco.', 'status.500': 'El servidor falló en esta petición.',
  'status.503': 'El servidor está ocupado o saliendo; pruebe en un momento.',

  'meetings.title': 'Reuniones', 'meetings.live': 'Ahora', 'meetings.since': 'desde las {at}', 'meetings.none': 'Todavía no ha habido reuniones.',
  'meetings.none.found': 'No se encontró nada.', 'meetings.found': ['{n} reunión', '{n} reuniones'],

  'live.everyone': 'Todos', 'live.pause': 'Pausar figuras', 'live.resume': 'Seguir figuras', 'live.discreet': 'Discreto', 'live.cards': 'Qué mirar',
  'live.new': ['{n} nuevo', '{n} nuevos'], 'live.digest': ['{n} asunto más', '{n} asuntos más'], 'live.since': 'desde las {at} · {length}',
  'live.people': ['{n} persona', '{n} personas'], 'live.stale': 'datos de las {at}', 'live.fresh': 'al día', 'live.lost': ['{n} aviso antiguo ya borrado', '{n} avisos antiguos ya borrados'],
  'mood.connecting': 'Conectando…', 'mood.away': 'Conexión perdida; vuelve sola', 'mood.signed-out': 'El acceso terminó; entre de nuevo', 'mood.forbidden': 'Sin derecho a esta reunión',
  'mood.not-found': 'Aquí no se conoce esta reunión', 'mood.gone': 'La sala fue olvidada', 'mood.ended': 'La reunión terminó; viene su informe', 'mood.waiting': 'Esperando que empiece la reunión',
  'mood.paused': 'El análisis descansa: servidor ocupado', 'mood.alone': 'Esperando a las personas', 'mood.attention': ['Pide atención ahora', 'Pide atención ahora ({n} asuntos)'],
  'mood.look': ['Un asunto que mirar', '{n} asuntos que mirar'], 'mood.well': 'La conversación va bien',
  'say.away': 'Se perdió la conexión con el servidor.', 'say.back': 'Volvió la conexión.', 'discreet.end': 'Mostrar de nuevo',

  'severity.info': 'Nota', 'severity.warning': 'Aviso', 'severity.critical': 'Crítico',
  'card.group': 'el grupo', 'card.everybody': 'todos', 'card.why': '¿Por qué?', 'card.hear': 'Oír estos diez segundos', 'card.hear.stop': 'Parar', 'card.hear.failed': 'Sin sonido de este trozo',
  'card.told': 'Ya lo dije', 'card.wrong': 'Incorrecto', 'card.quiet': 'Otra vez no…', 'card.quiet.quarter': 'durante 15 minutos', 'card.quiet.end': 'hasta el fin de la reunión',
  'card.count': ['{n} vez', '{n} veces'], 'card.minute': 'minuto {at}', 'card.measured': 'Medido', 'card.limit': 'Límite', 'card.window': 'A lo largo de', 'card.sure': 'Base',
  'card.speech': '{share} de habla', 'card.delay': 'Retraso del sonido', 'card.when': 'Cuándo', 'card.also': 'También',
  'settled.told': 'Marcado como dicho', 'settled.wrong': 'Anotado: era incorrecto', 'settled.quiet': 'Silenciado: {who}, {at}', until: 'hasta las {at}', 'until.end': 'hasta el fin de la reunión',

  'people.title': 'Participantes', 'people.name': 'Nombre', 'people.level': 'Nivel (dBFS)', 'people.share': 'Habla', 'people.ribbon': 'Últimos cinco minutos', 'people.mark': 'Marca',
  'people.folded': ['y {n} que no ha hablado', 'y {n} que no han hablado'], 'people.fold': 'Plegar a quienes no han hablado',
  'person.host': 'anfitrión', 'person.left': 'salió',
  'state.speaks': 'habla', 'state.overlaps': 'habla a la vez', 'state.silent': 'callado', 'state.muted': 'silenciado', 'state.gap': 'sin sonido', 'state.away': 'sin micrófono',
  'level.clip': 'saturó', 'level.clip.reset': 'El sonido llegó al máximo. Pulse para borrar la marca.',
  'ribbon.text': '{speech} s de habla, {overlap} s a la vez que otros, {muted} s silenciado, {gap} s sin sonido', 'ribbon.s': 'habla', 'ribbon.o': 'habla a la vez', 'ribbon.m': 'silenciado', 'ribbon.g': 'sin sonido', 'ribbon.event': 'aviso',
  'mark.presents': 'presenta', 'mark.interview': 'Entrevista', 'mark.class': 'Clase', 'mark.presents.on': 'Presenta', 'mark.presents.off': 'Ya no presenta',
  'kind.talk': 'Conversación', 'kind.interview': 'Entrevista', 'kind.class': 'Clase',

  'options.title': 'Opciones', 'options.kind': 'Esta reunión es', 'options.tell': 'Avisar', 'options.sound': 'Sonido en lo crítico', 'options.notify': 'Notificación en lo crítico (sin nombres)',
  'options.notify.never': 'Las notificaciones piden HTTPS y una ventana propia.', 'options.keys': 'Teclas de una letra', 'options.keys.list': 'E todos · P pausar · D discreto · R leer el estado',
  'options.lasting': 'Silenciados y marcas', 'options.lasting.none': 'Nada silenciado.',

  'type.volume_baixo': 'Volumen bajo', 'type.volume_alto': 'Volumen alto', 'type.silencio_prolongado': 'Silencio', 'type.overlap_fala': 'Hablan a la vez', 'type.monologo_prolongado': 'Monólogo',
  'type.interrupcoes_frequentes': 'Interrupciones', 'type.ritmo_acelerado': 'Ritmo rápido', 'type.ritmo_pausado': 'Ritmo pausado', 'type.monotonia_prosodica': 'Voz monótona', 'type.ruido_de_fundo': 'Ruido de fondo',
  'type.tendencia_emocional_negativa': 'Tendencia negativa', 'type.engajamento_baixo': 'Poca participación', 'type.frustracao_crescente': 'Frustración', 'type.entusiasmo_alto': 'Entusiasmo',
  'type.energia_grupo_baixa': 'Energía del grupo', 'type.polarizacao_emocional': 'Polarización', 'type.efeito_pos_interrupcao': 'Tras una interrupción',
  'unit.syllables': 'sílabas/s', 'unit.semitones': 'semitonos', 'unit.pace': 'sílabas por segundo', 'unit.melody': 'semitonos', 'unit.loudness': 'dBFS',

  'report.title': 'Informe', 'report.of': 'Informe de {room}', 'report.save': 'Guardar', 'report.print': 'Imprimir', 'report.live': 'Ver en vivo', 'report.running': 'La reunión sigue; esto llega hasta las {at}.',
  'report.incomplete': 'No se oyó todo: {heard} analizados.', 'report.newer': 'Hay más, hasta las {at}.', 'report.show': 'Mostrar', 'report.moments': 'Momentos que vale la pena oír', 'report.timeline': 'Línea de tiempo',
  'report.talk': 'Cómo se habló', 'report.matrix': 'Quién entró en el habla de quién', 'report.attendance': 'Quién estuvo', 'report.over': 'A lo largo del tiempo', 'report.events': 'Qué se avisó', 'report.events.none': 'No se avisó nada.',
  'report.none': 'Poca habla para medir.', 'report.foot': 'Todo esto se mide en el sonido que llegó al servidor. No hay nota de nadie.',
  'report.joined': 'Entró', 'report.left': 'Salió', 'report.stays': 'sigue', 'report.present': 'Presente', 'report.reconnects': 'Reconexiones', 'report.when': 'Cuándo', 'report.share': 'Parte del habla',
  'report.presence': 'Del tiempo presente', 'report.length': 'Habló', 'report.turns': 'Turnos', 'report.longest': 'Turno más largo', 'report.gaps': 'Respuesta (s)', 'report.pace': 'Ritmo', 'report.melody': 'Melodía', 'report.loudness': 'Volumen',
  'figure.people': 'Personas', 'figure.speech': 'Con habla', 'figure.turns': 'Turnos', 'figure.floor': 'Tomó la palabra / habló a la vez', 'figure.floor.more': 'acompañar no es quitar la palabra', 'figure.overlap': 'A la vez',
  'figure.silence': 'Silencio', 'figure.silence.more': ['{n} pausa larga, de {longest}', '{n} pausas largas, la mayor de {longest}'],
  'moments.none': 'Todavía no hay momentos.', 'moment.exchange': 'El intercambio más vivo: {who}, {n} cambios de voz', 'moment.turn': 'El turno más largo: {who}, {length}', 'moment.silence': 'El silencio más largo, {length}',
  'marks.person': '{who} presentó: la parte del habla se lee con eso.', 'marks.interview': 'Era una entrevista.', 'marks.class': 'Era una clase.',
  'matrix.none': 'Nadie entró en el habla de nadie.', 'matrix.read': 'Fila: quién entró. Columna: quién hablaba. En negrita, tomó la palabra; tras la barra, habló a la vez.', 'matrix.corner': 'entró ↓ cuando hablaba →',
  'matrix.cell': '{by} en el habla de {of}: tomó la palabra {took} ×, habló a la vez {along} ×', 'matrix.plays': 'Trozo {n} de {all}, en {at}',
  'table.show': 'Como tabla', 'hear.at': 'Oír los diez segundos hasta {at}', 'hear.span': 'Oír {length}',
  'player.title': 'Sonido de la reunión', 'player.hear': 'Oír desde {at}', 'player.pause': 'Pausar', 'player.back': 'Diez segundos atrás (J)', 'player.on': 'Diez segundos adelante (L)', 'player.place': 'Lugar en la reunión',
  'player.rate': 'Velocidad', 'player.tracks': 'De quién', 'player.all': 'Todos', 'player.skip': 'Saltar silencios', 'player.failed': 'No hay sonido de este trozo: no se grabó, se borró, o el servidor no responde.', 'player.until': 'Grabado hasta {at}.',
  'csv.excel': 'para hojas de cálculo', 'csv.plain': 'para programas', 'csv.json': 'todo, como lo tiene el servidor',
  'csv.name': 'Nombre', 'csv.id': 'Identidad', 'csv.joined': 'Entró', 'csv.left': 'Salió', 'csv.present': 'Presente (s)', 'csv.reconnects': 'Reconexiones', 'csv.talk': 'Habla (s)', 'csv.share': 'Parte del habla', 'csv.presence': 'Habla del tiempo presente',
  'csv.turns': 'Turnos', 'csv.longest': 'Turno más largo (s)', 'csv.took': 'Tomó la palabra', 'csv.along': 'Habló a la vez', 'csv.overlap': 'A la vez (s)', 'csv.gaps': 'Respuesta mediana (s)', 'csv.pace': 'Sílabas/s', 'csv.melody': 'Semitonos', 'csv.loudness': 'dBFS',
};
