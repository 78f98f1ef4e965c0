#include "meeting/sentences.h"

#include "base/mem.h"

#include <assert.h>

enum about { ABOUT_ANY, ABOUT_ONE, ABOUT_GROUP };

struct row {
    enum feedback_type type;
    enum feedback_reason reason; /* REASON_NONE: any */
    enum severity least;         /* this severity or more */
    enum about about;
    struct sentence in[LOCALES];
};

/* The first row that fits is taken: within a type the particular stand before the general. Written
 * for a host who is in the middle of a conversation: what is the matter, what to do, no blame. */
/* clang-format off */
static const struct row rows[] = {
    {FEEDBACK_VOLUME_BAIXO, REASON_NONE, SEVERITY_CRITICAL, ABOUT_ANY, {
        {"{name}: quase inaudível; aumente o ganho imediatamente.",
         {"Aumente o ganho de entrada", "Aproxime-se do microfone"}},
        {"{name}: almost inaudible; turn the microphone up now.",
         {"Raise the input gain", "Move closer to the microphone"}}}},
    {FEEDBACK_VOLUME_BAIXO, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: volume baixo; aumente o ganho ou aproxime-se do microfone.",
         {"Aumente o ganho de entrada", "Aproxime-se do microfone"}},
        {"{name}: too quiet; turn the microphone up or move closer.",
         {"Raise the input gain", "Move closer to the microphone"}}}},

    {FEEDBACK_VOLUME_ALTO, REASON_CLIPPING, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: áudio distorcido; reduza o ganho do microfone.",
         {"Reduza o ganho de entrada", "Afaste-se um pouco do microfone"}},
        {"{name}: distorted sound; turn the microphone down.",
         {"Lower the input gain", "Move back from the microphone a little"}}}},
    {FEEDBACK_VOLUME_ALTO, REASON_NONE, SEVERITY_CRITICAL, ABOUT_ANY, {
        {"{name}: volume muito alto; reduza o ganho imediatamente.",
         {"Reduza o ganho de entrada", "Afaste-se do microfone"}},
        {"{name}: far too loud; turn the microphone down now.",
         {"Lower the input gain", "Move back from the microphone"}}}},
    {FEEDBACK_VOLUME_ALTO, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: volume alto; reduza o ganho ou afaste-se do microfone.",
         {"Reduza o ganho de entrada", "Afaste-se um pouco do microfone"}},
        {"{name}: too loud; turn the microphone down or move back.",
         {"Lower the input gain", "Move back from the microphone a little"}}}},

    {FEEDBACK_SILENCIO_PROLONGADO, REASON_DEAD_MIC, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: microfone aberto, mas sem som; verifique o dispositivo.",
         {"Confira se o microfone certo está selecionado", "Veja se o botão do headset está no mudo"}},
        {"{name}: the microphone is open but gives no sound; check the device.",
         {"Check that the right microphone is selected", "Look for a mute switch on the headset"}}}},
    {FEEDBACK_SILENCIO_PROLONGADO, REASON_NO_FRAMES, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: nenhum áudio está chegando; verifique a conexão.",
         {"Peça que feche e abra o microfone", "Se não bastar, peça que entre de novo"}},
        {"{name}: no audio is arriving; check the connection.",
         {"Ask them to mute and unmute", "If that does not help, ask them to rejoin"}}}},
    {FEEDBACK_SILENCIO_PROLONGADO, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"Silêncio prolongado na reunião; retome a conversa.",
         {"Faça uma pergunta aberta", "Chame alguém pelo nome"}},
        {"The meeting has gone quiet; pick the conversation up again.",
         {"Ask an open question", "Invite somebody by name"}}}},

    {FEEDBACK_OVERLAP_FALA, REASON_NONE, SEVERITY_INFO, ABOUT_GROUP, {
        {"Várias pessoas falando ao mesmo tempo; organize a vez de cada uma.",
         {"Passe a palavra a uma pessoa de cada vez", "Sugira levantar a mão"}},
        {"Several people are talking at once; give them turns.",
         {"Give the floor to one person at a time", "Suggest raising hands"}}}},
    {FEEDBACK_OVERLAP_FALA, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: falando ao mesmo tempo que outra pessoa; organize a vez de cada um.",
         {"Passe a palavra a uma pessoa de cada vez", "Sugira levantar a mão"}},
        {"{name}: talking at the same time as somebody else; give them turns.",
         {"Give the floor to one person at a time", "Suggest raising hands"}}}},

    {FEEDBACK_MONOLOGO_PROLONGADO, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: fala há bastante tempo; abra espaço para os outros.",
         {"Agradeça e peça a opinião de outra pessoa", "Combine um tempo para cada fala"}},
        {"{name}: has been talking for a while; make room for the others.",
         {"Say thanks and ask somebody else for a view", "Agree on a time for each speaker"}}}},

    {FEEDBACK_INTERRUPCOES_FREQUENTES, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"Interrupções frequentes na reunião; combine quem fala a seguir.",
         {"Peça que cada um conclua antes da resposta", "Sugira levantar a mão"}},
        {"People keep interrupting each other; agree on who speaks next.",
         {"Ask to let each other finish", "Suggest raising hands"}}}},

    {FEEDBACK_RITMO_ACELERADO, REASON_NONE, SEVERITY_WARNING, ABOUT_ANY, {
        {"{name}: fala muito rápida; peça uma pausa entre as ideias.",
         {"Resuma o que entendeu e confirme", "Peça que fale mais devagar"}},
        {"{name}: speaking very fast; ask for a pause between ideas.",
         {"Sum up what you heard and confirm it", "Ask them to slow down"}}}},
    {FEEDBACK_RITMO_ACELERADO, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: ritmo acelerado; sugira falar um pouco mais devagar.",
         {"Resuma o que entendeu e confirme", "Peça um exemplo para ganhar tempo"}},
        {"{name}: speaking fast; suggest slowing down a little.",
         {"Sum up what you heard and confirm it", "Ask for an example to gain time"}}}},
    {FEEDBACK_RITMO_PAUSADO, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: muitas pausas longas; ajude com uma pergunta direta.",
         {"Faça uma pergunta curta e concreta", "Dê tempo, ou ofereça voltar ao assunto depois"}},
        {"{name}: many long pauses; help with a direct question.",
         {"Ask something short and concrete", "Give time, or offer to come back to it later"}}}},
    {FEEDBACK_MONOTONIA_PROSODICA, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: tom de voz pouco variado; peça que destaque o principal.",
         {"Pergunte qual é o ponto mais importante", "Peça um exemplo prático"}},
        {"{name}: little change of tone; ask for the main point.",
         {"Ask what matters most", "Ask for a practical example"}}}},
    {FEEDBACK_RUIDO_DE_FUNDO, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: ruído de fundo perto do nível da voz; sugira um lugar mais calmo.",
         {"Peça que silencie o microfone quando não fala", "Sugira fones com microfone"}},
        {"{name}: background noise close to the voice; suggest a quieter place.",
         {"Ask them to mute while listening", "Suggest a headset"}}}},

    {FEEDBACK_TENDENCIA_EMOCIONAL_NEGATIVA, REASON_NONE, SEVERITY_WARNING, ABOUT_ANY, {
        {"{name}: parece bastante contrariado(a); acolha antes de seguir.",
         {"Pergunte o que preocupa", "Reconheça o ponto antes de responder"}},
        {"{name}: sounds quite upset; acknowledge it before going on.",
         {"Ask what the concern is", "Acknowledge the point before answering"}}}},
    {FEEDBACK_TENDENCIA_EMOCIONAL_NEGATIVA, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: tom de voz negativo; pergunte se há algo a resolver.",
         {"Pergunte o que preocupa", "Ofereça uma conversa depois da reunião"}},
        {"{name}: a negative tone; ask whether something needs solving.",
         {"Ask what the concern is", "Offer a talk after the meeting"}}}},
    {FEEDBACK_ENGAJAMENTO_BAIXO, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: pouca energia na voz; convide a participar.",
         {"Faça uma pergunta sobre a área dessa pessoa", "Considere uma pausa curta"}},
        {"{name}: little energy in the voice; invite them in.",
         {"Ask about something in their field", "Consider a short break"}}}},
    {FEEDBACK_FRUSTRACAO_CRESCENTE, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: frustração crescente; reconheça o ponto e combine um próximo passo.",
         {"Repita o ponto com as suas palavras", "Proponha um próximo passo concreto"}},
        {"{name}: growing frustration; acknowledge it and agree on a next step.",
         {"Repeat the point in your own words", "Propose one concrete next step"}}}},
    {FEEDBACK_ENTUSIASMO_ALTO, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: muito entusiasmo; aproveite para avançar.",
         {"Peça que conduza o próximo passo", "Registre a ideia"}},
        {"{name}: full of enthusiasm; a good moment to move on.",
         {"Ask them to lead the next step", "Write the idea down"}}}},
    {FEEDBACK_ENERGIA_GRUPO_BAIXA, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"Energia do grupo baixa; proponha uma pausa ou mude a dinâmica.",
         {"Faça uma pausa de cinco minutos", "Passe para um assunto mais leve"}},
        {"The group is low on energy; propose a break or change the format.",
         {"Take a five-minute break", "Move to a lighter topic"}}}},
    {FEEDBACK_POLARIZACAO_EMOCIONAL, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"Ânimos divididos na reunião; ouça os dois lados antes de seguir.",
         {"Resuma cada posição com neutralidade", "Procure um ponto em comum"}},
        {"The mood is divided; hear both sides before going on.",
         {"Sum up each position neutrally", "Look for common ground"}}}},
    {FEEDBACK_EFEITO_POS_INTERRUPCAO, REASON_NONE, SEVERITY_INFO, ABOUT_ANY, {
        {"{name}: desanimou depois de ser interrompido(a); devolva a palavra.",
         {"Convide a concluir a ideia", "Agradeça a contribuição"}},
        {"{name}: lost heart after being interrupted; give the floor back.",
         {"Invite them to finish the thought", "Thank them for the contribution"}}}},
};
/* clang-format on */

const struct sentence *sentence_find(const struct feedback *feedback, enum locale locale) {
    enum about about = feedback->is_group ? ABOUT_GROUP : ABOUT_ONE;
    assert(locale < LOCALES);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].type == feedback->type && rows[i].least <= feedback->severity &&
            (rows[i].reason == REASON_NONE || rows[i].reason == feedback->reason) &&
            (rows[i].about == ABOUT_ANY || rows[i].about == about))
            return &rows[i].in[locale];
    assert(!"a type without a sentence");
    return NULL;
}
