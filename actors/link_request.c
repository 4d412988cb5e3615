#include "actors/link.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <string.h>

#include "actors/link_socket.h"
#include "base/assert.h"

/* A request under way. The receive has no timeout of its own: it ends with the socket. */
struct request {
    nng_socket socket;
    nng_aio *aio; /* Owned. */
    struct link_signal done;
};

static void request_on_done(void *argument)
{
    struct request *self = argument;
    link_signal_raise(&self->done);
}

static int request_connect(struct request *self, const struct link_request *request)
{
    int code = nng_socket_set_size(self->socket, NNG_OPT_RECVMAXSZ, LINK_ANSWER_BYTES_MAX);
    if (code == 0) {
        /* An order must not be given twice because its answer is late. */
        code = nng_socket_set_ms(self->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    }
    if (code == 0) {
        /* A server that leaves between the dial and the send must not be waited for for ever. */
        code =
            nng_socket_set_ms(self->socket, NNG_OPT_SENDTIMEO, (nng_duration)request->timeout_ms);
    }
    return code == 0 ? nng_dial(self->socket, request->url, NULL, 0) : code;
}

static int request_send(struct request *self, const struct link_request *request)
{
    nng_msg *message;
    int code = nng_msg_alloc(&message, 0);
    if (code != 0) {
        return code;
    }
    code = nng_msg_append(message, request->bytes, request->size);
    if (code == 0) {
        code = nng_sendmsg(self->socket, message, 0);
    }
    if (code != 0) {
        nng_msg_free(message);
    }
    return code;
}

/* Closes the socket, which ends a receive that is still under way. Returns what came, or NULL. */
static nng_msg *request_finish(struct request *self)
{
    (void)link_close(self->socket);
    nng_aio_stop(self->aio);
    return nng_aio_result(self->aio) == 0 ? nng_aio_get_msg(self->aio) : NULL;
}

static enum err request_receive(struct request *self, const struct link_request *request,
                                struct text *answer, struct failure *failure)
{
    nng_recv_aio(self->socket, self->aio);
    const bool is_done = link_signal_wait(&self->done, request->timeout_ms);
    nng_msg *received = request_finish(self);
    if (received == NULL) {
        return is_done ? link_failure(failure, request->url, nng_aio_result(self->aio))
                       : failure_set(failure, ERR_END,
                                     "%s: no answer within %u ms; the request may have been "
                                     "carried out, look before sending it again",
                                     request->url, request->timeout_ms);
    }
    text_append(answer, nng_msg_body(received), nng_msg_len(received));
    nng_msg_free(received);
    return text_failed(answer) ? failure_set(failure, ERR_MEMORY, "out of memory") : ERR_NONE;
}

static enum err request_run(struct request *self, const struct link_request *request,
                            struct text *answer, struct failure *failure)
{
    int code = nng_req0_open(&self->socket);
    if (code != 0) {
        return link_failure(failure, request->url, code);
    }
    code = request_connect(self, request);
    if (code == 0) {
        code = request_send(self, request);
    }
    if (code != 0) {
        (void)link_close(self->socket);
        return link_failure(failure, request->url, code);
    }
    return request_receive(self, request, answer, failure);
}

enum err link_request(const struct link_request *request, struct text *answer,
                      struct failure *failure)
{
    ASSERT(request->size <= LINK_BYTES_MAX);
    struct request self;
    if (link_signal_init(&self.done) != ERR_NONE) {
        return failure_set(failure, ERR_MEMORY, "out of memory");
    }
    enum err err;
    const int code = nng_aio_alloc(&self.aio, request_on_done, &self);
    if (code == 0) {
        err = request_run(&self, request, answer, failure);
        nng_aio_free(self.aio);
    } else {
        err = link_failure(failure, request->url, code);
    }
    link_signal_done(&self.done);
    return err;
}
