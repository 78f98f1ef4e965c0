/* Silence: nobody in the meeting speaks, or an open microphone gives nothing. */
#include "meeting/judge.h"

struct silencio_prolongado_settings {
    struct rule_settings rule;
    double group_s, dead_mic_s, not_recorded_s, speech_s, stranger_s, below_own_db;
};

static const struct silencio_prolongado_settings *settings_in(const struct meeting *meeting) {
    return (const void *)meeting->rules.values[FEEDBACK_SILENCIO_PROLONGADO];
}

/* A breath, a click or a chair lies far below the own voice. The former rules took all speech. */
bool silence_hears(const struct meeting *meeting, const struct hearing *hearing, int64_t slot,
                   bool is_voiced) {
    const struct moment *moment = timeline_at(&hearing->timeline, slot);
    if (meeting->rules.version == 1)
        return true;
    if (!is_voiced || !moment)
        return false;
    double least_dbfs = (double)hearing->own_dbfs - settings_in(meeting)->below_own_db;
    return !hearing->has_own || (double)moment->db >= least_dbfs;
}

bool silence_is_ended(const struct meeting *meeting, const struct hearing *hearing) {
    const struct silencio_prolongado_settings *settings = settings_in(meeting);
    double least_s = hearing->has_own ? settings->speech_s : settings->stranger_s;
    return hearing->turn.heard >= slots_of(least_s);
}

/* Silence is a matter of the meeting: a listener may be silent for any time. It begins with the
 * last speech, or when somebody unmutes: then they are about to speak. Before anybody has spoken it
 * counts only between open microphones whose zeros mean something: zeros from the others may come
 * from people who listen. */
static void judge_meeting(const struct judgement *judgement) {
    const struct silencio_prolongado_settings *settings = judgement->settings;
    const struct meeting *meeting = judgement->meeting;
    int64_t since = meeting->spoken_slot;
    if (meeting->gathered_slot > since)
        since = meeting->gathered_slot;
    if (meeting->opened_slot > since)
        since = meeting->opened_slot;
    bool has_begun = meeting->spoken_slot != NEVER || meeting->open_ears >= 2;
    int64_t silent = judgement->slot - 1 - since;
    if (meeting->gathered_slot == NEVER || meeting->listening == 0 || !has_begun ||
        silent < slots_of(settings->group_s)) {
        judge_clear(judgement, NULL);
        return;
    }
    struct finding finding = {
        .severity = SEVERITY_WARNING, .reason = REASON_GROUP, .window_s = settings->group_s};
    finding_add(&finding, FACT_SILENCE_S, seconds_of(silent));
    finding_add(&finding, FACT_LIMIT, settings->group_s);
    judge_find_group(judgement, NULL, &finding);
}

/* Zeros alone prove little: a codec leaves silence out between two utterances. They mean a dead
 * microphone if it never gave anything else, or if the room's background was heard before. */
static void judge_microphone(const struct judgement *judgement, struct participant *participant) {
    const struct silencio_prolongado_settings *settings = judgement->settings;
    const struct hearing *hearing = participant->hearing;
    const struct microphone *microphone = &hearing->microphone;
    int64_t limit_ms = ms_of(settings->dead_mic_s);
    int64_t absent_ms = (judgement->slot - 1 - microphone->frame_slot) * SLOT_MS;
    int64_t zero_ms = microphone_zero_slots(microphone, judgement->slot) * SLOT_MS;
    bool can_tell =
        !participant->is_dtx && (microphone->has_only_zeros || microphone->has_background);
    bool is_dead = zero_ms >= limit_ms && can_tell;
    if (!is_dead && absent_ms < limit_ms) {
        judge_clear(judgement, participant);
        return;
    }
    struct finding finding = {
        .severity = SEVERITY_WARNING,
        .reason = absent_ms >= limit_ms ? REASON_NO_FRAMES : REASON_DEAD_MIC,
        .window_s = settings->dead_mic_s,
    };
    finding_add(&finding, FACT_SPEECH_COVERAGE, share_coverage(&hearing->share));
    finding_add(&finding, FACT_SILENCE_S, (double)(is_dead ? zero_ms : absent_ms) / 1000);
    finding_add(&finding, FACT_LIMIT, settings->dead_mic_s);
    judge_find(judgement, participant, &finding);
}

/* clang-format off */
const struct rule rule_silencio_prolongado = {
    .name = "silencio_prolongado",
    .judge_group = judge_meeting,
    .judge_participant = judge_microphone,
    .ends_with_condition = true,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(silencio_prolongado, group_s, 10, 1, 600,
                     "seconds for which nobody has spoken"),
        RULE_SETTING(silencio_prolongado, dead_mic_s, 10, 1, 600,
                     "seconds of nothing from an open microphone"),
        RULE_SETTING(silencio_prolongado, not_recorded_s, 10, 1, 600,
                     "seconds for which a published microphone has no recording"),
        RULE_REVISED(silencio_prolongado, speech_s, 0.3, 0.2, 0.02, 5,
                     "seconds of speech in one utterance that end a silence"),
        RULE_REVISED(silencio_prolongado, below_own_db, 20, 120, 0, 120,
                     "of speech that is not more than so many dB below the person's own level"),
        RULE_REVISED(silencio_prolongado, stranger_s, 0.6, 0.2, 0.02, 5,
                     "the same for somebody whose level is not known yet"),
        RULE_REMINDERS(15),
    },
    .sentences = {
        {.reason = REASON_DEAD_MIC,
         .in[LOCALE_PT_BR] = {"{name}: microfone aberto, mas sem som; verifique o dispositivo.",
                              {"Confira se o microfone certo está selecionado",
                               "Veja se o botão do headset está no mudo"}},
         .in[LOCALE_EN] = {"{name}: the microphone is open but gives no sound; check the device.",
                           {"Check that the right microphone is selected",
                            "Look for a mute switch on the headset"}},
         .in[LOCALE_ES] = {"{name}: micrófono abierto, pero sin sonido; revise el dispositivo.",
                           {"Compruebe que está elegido el micrófono correcto",
                            "Mire si los auriculares están en silencio"}}},
        {.reason = REASON_NO_FRAMES,
         .in[LOCALE_PT_BR] = {"{name}: nenhum áudio está chegando; verifique a conexão.",
                              {"Peça que feche e abra o microfone",
                               "Se não bastar, peça que entre de novo"}},
         .in[LOCALE_EN] = {"{name}: no audio is arriving; check the connection.",
                           {"Ask them to mute and unmute",
                            "If that does not help, ask them to rejoin"}},
         .in[LOCALE_ES] = {"{name}: no llega ningún audio; revise la conexión.",
                           {"Pida que cierre y abra el micrófono",
                            "Si no basta, pida que vuelva a entrar"}}},
        {.reason = REASON_NOT_RECORDED,
         .in[LOCALE_PT_BR] = {"{name}: o microfone não está sendo gravado; o áudio não chega.",
                              {"Peça que feche e abra o microfone",
                               "Se não bastar, avise o suporte"}},
         .in[LOCALE_EN] = {"{name}: the microphone is not recorded; its audio does not arrive.",
                           {"Ask them to mute and unmute",
                            "If that does not help, tell your support"}},
         .in[LOCALE_ES] = {"{name}: el micrófono no se está grabando; el audio no llega.",
                           {"Pida que cierre y abra el micrófono",
                            "Si no basta, avise a soporte"}}},
        {.reason = REASON_ENCRYPTED,
         .in[LOCALE_PT_BR] = {"A sala é criptografada de ponta a ponta; nada pode ser ouvido nem "
                              "gravado.",
                              {"Desligue a criptografia para gravar a reunião",
                               "Ou siga sem gravação nem dicas"}},
         .in[LOCALE_EN] = {"The room is encrypted end to end; nothing can be heard or recorded.",
                           {"Turn encryption off to record the meeting",
                            "Or go on without a recording and without hints"}},
         .in[LOCALE_ES] = {
                "La sala está cifrada de extremo a extremo; nada se puede oír ni grabar.",
                {"Desactive el cifrado para grabar la reunión",
                 "O siga sin grabación ni consejos"}}},
        {.in[LOCALE_PT_BR] = {"Silêncio prolongado na reunião; retome a conversa.",
                              {"Faça uma pergunta aberta", "Chame alguém pelo nome"}},
         .in[LOCALE_EN] = {"The meeting has gone quiet; pick the conversation up again.",
                           {"Ask an open question", "Invite somebody by name"}},
         .in[LOCALE_ES] = {"Silencio prolongado en la reunión; retome la conversación.",
                           {"Haga una pregunta abierta", "Llame a alguien por su nombre"}}},
    },
    .whys = {
        {FACT_SILENCE_S, REASON_DEAD_MIC,
         {[LOCALE_PT_BR] = "silêncio digital há {silenceSeconds} s",
          [LOCALE_EN] = "digital silence for {silenceSeconds} s",
          [LOCALE_ES] = "silencio digital desde hace {silenceSeconds} s"}},
        {FACT_SILENCE_S, REASON_NO_FRAMES,
         {[LOCALE_PT_BR] = "nenhum áudio há {silenceSeconds} s",
          [LOCALE_EN] = "no audio for {silenceSeconds} s",
          [LOCALE_ES] = "ningún audio desde hace {silenceSeconds} s"}},
        {FACT_SILENCE_S, REASON_NOT_RECORDED,
         {[LOCALE_PT_BR] = "sem gravação há {silenceSeconds} s",
          [LOCALE_EN] = "not recorded for {silenceSeconds} s",
          [LOCALE_ES] = "sin grabación desde hace {silenceSeconds} s"}},
        {FACT_SILENCE_S, REASON_GROUP,
         {[LOCALE_PT_BR] = "ninguém fala há {silenceSeconds} s",
          [LOCALE_EN] = "nobody has spoken for {silenceSeconds} s",
          [LOCALE_ES] = "nadie habla desde hace {silenceSeconds} s"}},
    },
};
/* clang-format on */
