// Generated from openapi/openapi.json: `npm run generate` in the root of the repository writes it.

export interface paths {
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["getOpenapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process is alive */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Each thing that must be up, by name */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prometheus text; series that name tenants for an admin token alone */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an error code means and how to mend it, as a page */
        get: operations["getProblem"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listTenants"];
        put?: never;
        post: operations["createTenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getTenant"];
        put?: never;
        post?: never;
        delete: operations["deleteTenant"];
        options?: never;
        head?: never;
        patch: operations["changeTenant"];
        trace?: never;
    };
    "/v1/tenants/{tenant}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listTenantTokens"];
        put?: never;
        post: operations["createTenantToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["revokeTenantToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listPlatformTokens"];
        put?: never;
        post: operations["createPlatformToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete: operations["revokePlatformToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/whoami": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who the token stands for */
        get: operations["whoami"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listHosts"];
        put?: never;
        post: operations["registerHost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{host}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getHost"];
        put?: never;
        post?: never;
        delete: operations["deleteHost"];
        options?: never;
        head?: never;
        patch: operations["changeHost"];
        trace?: never;
    };
    "/v1/hosts/{host}/probe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["probeHost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{host}/cordon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["cordonHost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{host}/uncordon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["uncordonHost"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{host}/containers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The live containers, ours and foreign */
        get: operations["listContainers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{host}/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The live images, ours and foreign */
        get: operations["listImages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{host}/networks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The live networks, ours and foreign */
        get: operations["listNetworks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hosts/{host}/volumes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The live volumes, ours and foreign */
        get: operations["listVolumes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Newest first, without plan and steps */
        get: operations["listOperations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/operations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getOperation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/operations/{id}/steps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listOperationSteps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/operations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go back to the last good state and end it */
        post: operations["cancelOperation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Of all tenants and hosts, newest first, without plan and steps */
        get: operations["listAllOperations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getAnyOperation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["cancelAnyOperation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getApp"];
        /** Make the app as this spec says: create it, or release what changed */
        put: operations["applyApp"];
        post?: never;
        /** Remove the app, and its volumes where `volumes=true` says so */
        delete: operations["removeApp"];
        options?: never;
        head?: never;
        /** Other labels */
        patch: operations["changeApp"];
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new release from the wanted one with other images or environment, or an old release again */
        post: operations["deployApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** An old release again: by default the last before the wanted one that succeeded */
        post: operations["rollbackApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/scale": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Other numbers of replicas */
        post: operations["scaleApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run a stopped app again */
        post: operations["startApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop all its containers; nothing is removed but they */
        post: operations["stopApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Replace every container by a new one, as a rolling update */
        post: operations["restartApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/reconcile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Look again, and put right what is missing or what others changed */
        post: operations["reconcileApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listApps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/releases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Newest first, without specs */
        get: operations["listReleases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/releases/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getRelease"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/releases/{number}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What another release (by default the wanted one) changes */
        get: operations["diffReleases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/workloads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listWorkloads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listInstances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["listWebhooks"];
        put?: never;
        /** Have events sent to an address, signed as Standard Webhooks has it */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/webhooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getWebhook"];
        put?: never;
        post?: never;
        /** Delete a webhook with its deliveries; what is pending is not sent */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        /** Change a webhook, or enable it again */
        patch: operations["changeWebhook"];
        trace?: never;
    };
    "/v1/tenants/{tenant}/webhooks/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was sent and what came of it, newest first */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/webhooks/{id}/deliveries/{delivery}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["getWebhookDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/webhooks/{id}/deliveries/{delivery}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send the event of a delivery once more */
        post: operations["redeliverWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A tenant's events: newest first, or live */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Of all tenants and of the platform: newest first, or live */
        get: operations["listAllEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What an app, its services and its instances use */
        get: operations["getAppStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a tenant and its apps use */
        get: operations["getTenantStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What all instances write, merged in the order of time */
        get: operations["getAppLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/instances/{id}/exec": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Run a command in an instance, over a WebSocket
         * @description A WebSocket with the subprotocol `v5.channel.k8s.io` (Kubernetes' own): see docs/exec.md. Browsers may send their token as a second subprotocol, `base64url.bearer.authorization.k8s.io.<base64url of the token>`.
         */
        get: operations["execInInstance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description RFC 9457. Some codes carry more members, such as `plan`. */
        Problem: {
            /** @description `/problems/<code>`. */
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @description The request id. */
            instance: string;
            /** @enum {string} */
            code: "bad_request" | "invalid_spec" | "unsupported" | "unauthorized" | "forbidden" | "not_found" | "method_not_allowed" | "payload_too_large" | "unsupported_media_type" | "already_exists" | "tenant_not_empty" | "host_not_empty" | "host_exists" | "conflict" | "plan_changed" | "version_mismatch" | "idempotency_key_reused" | "too_many_streams" | "slow_reader" | "unavailable" | "internal" | "image_not_found" | "image_pull_denied" | "health_timeout" | "crash_loop" | "port_conflict" | "host_unreachable" | "host_forbidden" | "host_identity_mismatch" | "host_marker_missing" | "secret_unreadable" | "no_eligible_host" | "insufficient_capacity" | "quota_exceeded" | "admission_denied" | "field_conflict" | "rollback_failed" | "deadline_exceeded" | "superseded" | "cancelled";
            errors?: {
                /** @description JSON Pointer: /body/…, /query/…, /params/… or /headers/…. */
                path: string;
                message: string;
            }[];
        } & {
            [key: string]: unknown;
        };
        Plan: {
            /** @description Equal plans have equal digests: send it as `expectPlan`. */
            digest: string;
            steps: {
                id: string;
                action: string;
                host: string;
                service: string | null;
                ordinal: number | null;
                /** @description The name of the object. */
                target: string;
                /** @description Why this step is there. */
                cause: string;
                /** @description Ids of the steps that must have finished before. */
                after: string[];
            }[];
            /** @description What the plan can not avoid. */
            notes: string[];
            /** @description What the engine honours in another way. */
            capabilities: {
                path: string;
                level: string;
                message: string;
            }[];
            /** @description The plan as lines for people. */
            text: string;
        };
        PlanAnswer: {
            /** @enum {boolean} */
            dryRun: true;
            plan: components["schemas"]["Plan"];
            planDigest: string;
        };
        Tenant: {
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            name: string;
            displayName: string | null;
            /** @description Grows with each change; send it as `If-Match: "<version>"`. */
            version: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            updatedAt: string;
        };
        Token: {
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            /** @description For people: who or what uses it, in at most 64 letters, digits, blanks and `._@:/-`. Need not be unique. */
            name: string;
            /** @enum {string} */
            role: "admin" | "owner" | "developer" | "viewer";
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            tenant: string | null;
            createdBy: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            expiresAt: string | null;
        };
        NewToken: {
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            /** @description For people: who or what uses it, in at most 64 letters, digits, blanks and `._@:/-`. Need not be unique. */
            name: string;
            /** @enum {string} */
            role: "admin" | "owner" | "developer" | "viewer";
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            tenant: string | null;
            createdBy: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            expiresAt: string | null;
            /** @description The token's text: shown here alone. */
            token: string;
        };
        Whoami: {
            /** @enum {string} */
            kind: "token";
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            name: string;
            /** @enum {string} */
            role: "admin" | "owner" | "developer" | "viewer";
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            tenant: string | null;
            /** @description What the token is limited to; empty: all that its role allows. */
            scopes: string[];
        };
        Host: {
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            name: string;
            /** @enum {string} */
            kind: "docker" | "kubernetes";
            /** @description One of `socketPath`, `url`, `ssh` and `inCluster`. Keys, certificates, tokens and kubeconfigs are never shown. */
            endpoint: {
                socketPath?: string;
                url?: string;
                /**
                 * @description The url is reached with a client certificate.
                 * @enum {boolean}
                 */
                tls?: true;
                ssh?: {
                    host: string;
                    port: number;
                    user: string;
                    /** @description The pinned host keys, a line `type base64` each. */
                    knownHost: string;
                    socketPath: string;
                };
                /** @description Which one of a kubeconfig's contexts it was. */
                context?: string;
                /** @enum {boolean} */
                inCluster?: true;
            };
            labels: {
                [key: string]: string;
            };
            /** @description Of a cluster; a Docker host has none. What is left out has its default. */
            settings: {
                /**
                 * @description The type of the Services that published ports get. Left out: `NodePort`.
                 * @enum {string}
                 */
                publish?: "ClusterIP" | "NodePort" | "LoadBalancer";
                /** @description The class of the Ingresses that routes become. Left out or null: the cluster's default. */
                ingressClass?: string | null;
                /** @description The class of the claims that volumes become. Left out or null: the cluster's default. */
                storageClass?: string | null;
                /** @description The size of such a claim, a quantity of Kubernetes. Left out: `1Gi`. */
                volumeSize?: string;
                /** @description Read statistics from the kubelets through the node proxy, which takes `nodes/proxy` (deploy/kubernetes/rbac.yaml says what that means). Left out: false. */
                nodeStats?: boolean;
                /** @description Of each process. Left out: 20. */
                writesPerSecond?: number;
                /** @description Writes at once after a pause. Left out: 200. */
                writeBurst?: number;
            };
            /** @description Tenants that may use it; empty: all. */
            tenants: string[];
            /** @enum {string} */
            status: "ready" | "suspect" | "unreachable" | "unknown";
            /** @description false: it gets no new apps (cordoned). */
            schedulable: boolean;
            /** @description Grows with each change; send it as `If-Match: "<version>"`. */
            version: number;
            engineVersion: string | null;
            capacity: {
                cpus: number;
                /** @description Bytes. */
                memory: number;
            } | null;
            allocated: {
                instances: number;
                /** @description The limits (else reservations) of all services wanted here; one without counts nothing. */
                cpus: number;
                /** @description Bytes, likewise. */
                memory: number;
            };
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            lastSeenAt: string | null;
            /** @description Why it is not ready. */
            message: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            updatedAt: string;
        };
        InventoryItem: {
            id: string;
            name: string;
            /** @description It is this installation's. */
            managed: boolean;
            tenant: string | null;
            app: string | null;
            state: string | null;
            image: string | null;
            sizeBytes: number | null;
            labels: {
                [key: string]: string;
            };
            createdAt: string | null;
        };
        OperationStep: {
            host: string;
            service: string | null;
            action: string;
            /** @enum {string} */
            status: "running" | "succeeded" | "failed" | "cancelled";
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            startedAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            finishedAt: string | null;
            message: string | null;
        };
        OperationSummary: {
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            tenant: string | null;
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            app: string | null;
            /**
             * Format: uuid
             * @description A UUID.
             */
            parent: string | null;
            /** @enum {string} */
            kind: "deploy" | "scale" | "start" | "stop" | "restart" | "rollback" | "remove" | "reconcile" | "failover" | "rebalance" | "adopt" | "build" | "prune" | "pull" | "drain";
            /** @enum {string} */
            status: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "rolled_back";
            /** @description Why a running operation waits. */
            reason: string | null;
            release: number | null;
            error: {
                /** @enum {string} */
                code: "bad_request" | "invalid_spec" | "unsupported" | "unauthorized" | "forbidden" | "not_found" | "method_not_allowed" | "payload_too_large" | "unsupported_media_type" | "already_exists" | "tenant_not_empty" | "host_not_empty" | "host_exists" | "conflict" | "plan_changed" | "version_mismatch" | "idempotency_key_reused" | "too_many_streams" | "slow_reader" | "unavailable" | "internal" | "image_not_found" | "image_pull_denied" | "health_timeout" | "crash_loop" | "port_conflict" | "host_unreachable" | "host_forbidden" | "host_identity_mismatch" | "host_marker_missing" | "secret_unreadable" | "no_eligible_host" | "insufficient_capacity" | "quota_exceeded" | "admission_denied" | "field_conflict" | "rollback_failed" | "deadline_exceeded" | "superseded" | "cancelled";
                message: string;
                host?: string;
                service?: string;
                instance?: string;
            } | null;
            requestedBy: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            startedAt: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            finishedAt: string | null;
            attempts: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            nextAttemptAt: string | null;
        };
        Operation: {
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            tenant: string | null;
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            app: string | null;
            /**
             * Format: uuid
             * @description A UUID.
             */
            parent: string | null;
            /** @enum {string} */
            kind: "deploy" | "scale" | "start" | "stop" | "restart" | "rollback" | "remove" | "reconcile" | "failover" | "rebalance" | "adopt" | "build" | "prune" | "pull" | "drain";
            /** @enum {string} */
            status: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "rolled_back";
            /** @description Why a running operation waits. */
            reason: string | null;
            release: number | null;
            error: {
                /** @enum {string} */
                code: "bad_request" | "invalid_spec" | "unsupported" | "unauthorized" | "forbidden" | "not_found" | "method_not_allowed" | "payload_too_large" | "unsupported_media_type" | "already_exists" | "tenant_not_empty" | "host_not_empty" | "host_exists" | "conflict" | "plan_changed" | "version_mismatch" | "idempotency_key_reused" | "too_many_streams" | "slow_reader" | "unavailable" | "internal" | "image_not_found" | "image_pull_denied" | "health_timeout" | "crash_loop" | "port_conflict" | "host_unreachable" | "host_forbidden" | "host_identity_mismatch" | "host_marker_missing" | "secret_unreadable" | "no_eligible_host" | "insufficient_capacity" | "quota_exceeded" | "admission_denied" | "field_conflict" | "rollback_failed" | "deadline_exceeded" | "superseded" | "cancelled";
                message: string;
                host?: string;
                service?: string;
                instance?: string;
            } | null;
            requestedBy: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            startedAt: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            finishedAt: string | null;
            attempts: number;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            nextAttemptAt: string | null;
            plan: components["schemas"]["Plan"] | null;
            /** @description The last 200; `/steps` pages through all of them. */
            steps: components["schemas"]["OperationStep"][];
        };
        OperationAnswer: {
            operation: components["schemas"]["Operation"] | null;
        };
        App: {
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            tenant: string;
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            name: string;
            labels: {
                [key: string]: string;
            };
            /** @description Where it runs; null until it is placed. */
            host: string | null;
            /** @description Grows with each change; send it as `If-Match: "<version>"`. */
            version: number;
            wanted: {
                /** @description null: nothing of the app is wanted. */
                release: number | null;
                replicas: {
                    [key: string]: number;
                };
                running: boolean;
                /** @description Raised by each restart. */
                restartGeneration: number;
            };
            /** @description The release of the last state that came true. */
            currentRelease: number | null;
            removing: boolean;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            updatedAt: string;
        };
        ReleaseSummary: {
            number: number;
            /** @description SHA-256 of the normalised spec. */
            digest: string;
            notes: {
                path: string;
                level: string;
                message: string;
                /** @description The kinds of hosts that this is so on; where it is missing, all. */
                kinds?: string[];
            }[];
            createdBy: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            succeededAt: string | null;
        };
        Release: {
            number: number;
            /** @description SHA-256 of the normalised spec. */
            digest: string;
            notes: {
                path: string;
                level: string;
                message: string;
                /** @description The kinds of hosts that this is so on; where it is missing, all. */
                kinds?: string[];
            }[];
            createdBy: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            succeededAt: string | null;
            /** @description The normalised spec. The role `viewer` sees `***` for the values of environment variables. */
            spec: {
                [key: string]: unknown;
            };
        };
        ReleaseDiff: {
            from: number;
            to: number;
            /** @description Values of environment variables are shown as `***`. */
            changes: {
                /** @description JSON Pointer into the normalised spec. */
                path: string;
                /** @description null where it is not there. */
                from: unknown;
                /** @description null where it is not there. */
                to: unknown;
            }[];
        };
        Instance: {
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            nativeId: string;
            name: string;
            host: string;
            service: string;
            release: number | null;
            /** @enum {string} */
            state: "pending" | "starting" | "running" | "unhealthy" | "exited" | "failed" | "unknown";
            health: string | null;
            image: string;
            imageDigest: string | null;
            addresses: string[];
            ports: {
                containerPort: number;
                hostPort: number;
                hostIp: string;
                protocol: string;
            }[];
            restarts: number;
            exitCode: number | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            startedAt: string | null;
        };
        Workload: {
            /** @description `<app>.<service>.<host>`. */
            id: string;
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            app: string;
            service: string;
            host: string | null;
            /** @description The newest that an instance of it is of. */
            release: number | null;
            desired: number;
            ready: number;
            /** @enum {string} */
            status: "running" | "progressing" | "degraded" | "stopped" | "completed" | "missing" | "drifted" | "orphan";
            drift: {
                path: string;
                /** @description null where it is not there. */
                desired: unknown;
                /** @description null where it is not there. */
                actual: unknown;
            }[];
            instances: components["schemas"]["Instance"][];
        };
        Webhook: {
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            /** @description Where deliveries are sent with POST: `https://`, at an address that is allowed. Whoever may read the tenant sees it. Redirects are not followed. */
            url: string;
            /** @description Which events: types, or `operation.*` for all that begin so. Empty: all. */
            types: string[];
            enabled: boolean;
            /**
             * Format: date-time
             * @description Since when no delivery has succeeded; null: the last one did.
             */
            failingSince: string | null;
            /** @description Why Moorage disabled it; null where a person did. */
            disabledReason: string | null;
            createdBy: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
        };
        NewWebhook: {
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            /** @description Where deliveries are sent with POST: `https://`, at an address that is allowed. Whoever may read the tenant sees it. Redirects are not followed. */
            url: string;
            /** @description Which events: types, or `operation.*` for all that begin so. Empty: all. */
            types: string[];
            enabled: boolean;
            /**
             * Format: date-time
             * @description Since when no delivery has succeeded; null: the last one did.
             */
            failingSince: string | null;
            /** @description Why Moorage disabled it; null where a person did. */
            disabledReason: string | null;
            createdBy: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
            /** @description What deliveries are signed with, as Standard Webhooks has it (`whsec_<base64>`): shown here alone. */
            secret: string;
        };
        WebhookDelivery: {
            /**
             * Format: uuid
             * @description A UUID.
             */
            id: string;
            /** @description The event's id. */
            event: string;
            /** @enum {string} */
            type: "tenant.created" | "tenant.updated" | "tenant.deleted" | "token.created" | "token.revoked" | "host.registered" | "host.updated" | "host.deleted" | "host.status" | "app.created" | "app.updated" | "app.removed" | "operation.queued" | "operation.started" | "operation.step" | "operation.waiting" | "operation.reverting" | "operation.cancel_requested" | "operation.succeeded" | "operation.failed" | "operation.cancelled" | "operation.rolled_back" | "instance.changed" | "instance.removed" | "exec.started" | "exec.ended" | "webhook.created" | "webhook.updated" | "webhook.deleted" | "webhook.disabled";
            /** @enum {string} */
            status: "pending" | "succeeded" | "failed";
            /** @description How many were begun. */
            attempts: number;
            /** @description Of the last attempt; null: it was not answered. */
            responseStatus: number | null;
            /** @description How long the last attempt took. */
            responseMs: number | null;
            /** @description Why the last attempt failed. */
            error: string | null;
            /** @description Asked for by hand. */
            redelivery: boolean;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            nextAttemptAt: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            finishedAt: string | null;
        };
        Event: {
            /** @description Decimal; only grows within a tenant. */
            id: string;
            /** @enum {string} */
            type: "tenant.created" | "tenant.updated" | "tenant.deleted" | "token.created" | "token.revoked" | "host.registered" | "host.updated" | "host.deleted" | "host.status" | "app.created" | "app.updated" | "app.removed" | "operation.queued" | "operation.started" | "operation.step" | "operation.waiting" | "operation.reverting" | "operation.cancel_requested" | "operation.succeeded" | "operation.failed" | "operation.cancelled" | "operation.rolled_back" | "instance.changed" | "instance.removed" | "exec.started" | "exec.ended" | "webhook.created" | "webhook.updated" | "webhook.deleted" | "webhook.disabled";
            /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
            tenant: string | null;
            app: string | null;
            host: string | null;
            service: string | null;
            /**
             * Format: uuid
             * @description A UUID.
             */
            operation: string | null;
            /** @description `token:<name>`, or a part of the system. */
            actor: string | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            at: string;
            /** @description By type; docs/events.md lists its members. */
            data: {
                [key: string]: unknown;
            };
        };
        Usage: {
            cpu: {
                /** @description In use since the sample before: 0.5 is half a core. */
                cores: number;
                /** @description That may be used: the limit, else the cores of the host. */
                limitCores: number;
                /** @description `cores` of `limitCores`. */
                ofLimit: number;
            };
            memory: {
                /** @description The working set: without the page cache that could be given back. */
                bytes: number;
                /** @description The limit, else the host's memory. */
                limitBytes: number;
            };
            /** @description null: the engine does not tell it. In a sum: of those whose engines do. */
            network: {
                /** @description Since the container began. */
                receivedBytes: number;
                /** @description Since the container began. */
                sentBytes: number;
                /** @description Bytes a second received, since the sample before. */
                receivedBytesPerSecond: number;
                /** @description Bytes a second sent, since the sample before. */
                sentBytesPerSecond: number;
            } | null;
            /** @description As `network`. */
            blockIo: {
                /** @description Since the container began. */
                readBytes: number;
                /** @description Since the container began. */
                writtenBytes: number;
                /** @description Bytes a second read, since the sample before. */
                readBytesPerSecond: number;
                /** @description Bytes a second written, since the sample before. */
                writtenBytesPerSecond: number;
            } | null;
        };
        AppStats: {
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            at: string;
            usage: components["schemas"]["Usage"];
            services: {
                service: string;
                usage: components["schemas"]["Usage"];
            }[];
            /** @description Those that run. */
            instances: {
                /**
                 * Format: uuid
                 * @description A UUID.
                 */
                id: string;
                name: string;
                service: string;
                host: string;
                usage: components["schemas"]["Usage"];
            }[];
            /** @description Instances that run as far as is known, and are in no sum: their host does not tell. */
            missing: {
                /**
                 * Format: uuid
                 * @description A UUID.
                 */
                id: string;
                name: string;
                service: string;
                host: string;
                /** @description Why nothing is known of it, for a person. */
                reason: string;
            }[];
        };
        TenantStats: {
            /**
             * Format: date-time
             * @description RFC 3339, UTC.
             */
            at: string;
            usage: components["schemas"]["Usage"];
            /** @description Those of which something runs. */
            apps: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
                usage: components["schemas"]["Usage"];
            }[];
            missing: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
                /**
                 * Format: uuid
                 * @description A UUID.
                 */
                id: string;
                name: string;
                service: string;
                host: string;
                /** @description Why nothing is known of it, for a person. */
                reason: string;
            }[];
        };
        StatsHistory: {
            /** @description A sample is taken so often. */
            resolutionSeconds: number;
            instances: {
                /**
                 * Format: uuid
                 * @description A UUID.
                 */
                id: string;
                name: string;
                service: string;
                host: string;
                /** @description Oldest first. */
                samples: {
                    /**
                     * Format: date-time
                     * @description RFC 3339, UTC.
                     */
                    at: string;
                    /** @description As `cpu.cores`, since the sample before. */
                    cpuCores: number;
                    /** @description As `memory.bytes`. */
                    memoryBytes: number;
                    /** @description null: the engine does not tell it; so too below. */
                    receivedBytesPerSecond: number | null;
                    sentBytesPerSecond: number | null;
                    readBytesPerSecond: number | null;
                    writtenBytesPerSecond: number | null;
                }[];
            }[];
            /** @description Instances whose samples could not be had, and why. */
            missing: {
                /**
                 * Format: uuid
                 * @description A UUID.
                 */
                id: string;
                name: string;
                service: string;
                host: string;
                /** @description Why nothing is known of it, for a person. */
                reason: string;
            }[];
        };
        LogLine: {
            /**
             * Format: date-time
             * @description RFC 3339 with nine digits of a second: the engine's clock.
             */
            time: string;
            service: string;
            /** @description Its name. */
            instance: string;
            /**
             * Format: uuid
             * @description A UUID.
             */
            instanceId: string;
            /** @enum {string} */
            stream: "stdout" | "stderr";
            /** @description Without its line break; control characters as they are. */
            text: string;
            /** @description It was longer than 64 KiB. */
            cut: boolean;
        };
        LogNotice: {
            /**
             * Format: date-time
             * @description RFC 3339 with nine digits of a second: the engine's clock.
             */
            time: string;
            service: string;
            instance: string;
            /**
             * Format: uuid
             * @description A UUID.
             */
            instanceId: string;
            /** @enum {string} */
            code: "bad_request" | "invalid_spec" | "unsupported" | "unauthorized" | "forbidden" | "not_found" | "method_not_allowed" | "payload_too_large" | "unsupported_media_type" | "already_exists" | "tenant_not_empty" | "host_not_empty" | "host_exists" | "conflict" | "plan_changed" | "version_mismatch" | "idempotency_key_reused" | "too_many_streams" | "slow_reader" | "unavailable" | "internal" | "image_not_found" | "image_pull_denied" | "health_timeout" | "crash_loop" | "port_conflict" | "host_unreachable" | "host_forbidden" | "host_identity_mismatch" | "host_marker_missing" | "secret_unreadable" | "no_eligible_host" | "insufficient_capacity" | "quota_exceeded" | "admission_denied" | "field_conflict" | "rollback_failed" | "deadline_exceeded" | "superseded" | "cancelled";
            message: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type Problem = components['schemas']['Problem'];
export type Plan = components['schemas']['Plan'];
export type PlanAnswer = components['schemas']['PlanAnswer'];
export type Tenant = components['schemas']['Tenant'];
export type Token = components['schemas']['Token'];
export type NewToken = components['schemas']['NewToken'];
export type Whoami = components['schemas']['Whoami'];
export type Host = components['schemas']['Host'];
export type InventoryItem = components['schemas']['InventoryItem'];
export type OperationStep = components['schemas']['OperationStep'];
export type OperationSummary = components['schemas']['OperationSummary'];
export type Operation = components['schemas']['Operation'];
export type OperationAnswer = components['schemas']['OperationAnswer'];
export type App = components['schemas']['App'];
export type ReleaseSummary = components['schemas']['ReleaseSummary'];
export type Release = components['schemas']['Release'];
export type ReleaseDiff = components['schemas']['ReleaseDiff'];
export type Instance = components['schemas']['Instance'];
export type Workload = components['schemas']['Workload'];
export type Webhook = components['schemas']['Webhook'];
export type NewWebhook = components['schemas']['NewWebhook'];
export type WebhookDelivery = components['schemas']['WebhookDelivery'];
export type Event = components['schemas']['Event'];
export type Usage = components['schemas']['Usage'];
export type AppStats = components['schemas']['AppStats'];
export type TenantStats = components['schemas']['TenantStats'];
export type StatsHistory = components['schemas']['StatsHistory'];
export type LogLine = components['schemas']['LogLine'];
export type LogNotice = components['schemas']['LogNotice'];
export type $defs = Record<string, never>;
export interface operations {
    getOpenapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ready" | "unready";
                        checks: {
                            [key: string]: {
                                ok: boolean;
                                message?: string;
                            };
                        };
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Something is missing. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ready" | "unready";
                        checks: {
                            [key: string]: {
                                ok: boolean;
                                message?: string;
                            };
                        };
                    };
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus text. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getProblem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description HTML. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTenants: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Tenant"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createTenant: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                    name: string;
                    displayName?: string | null;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    /** @description Its version, quoted: send it as `If-Match`. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTenant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version, quoted: send it as `If-Match`. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteTenant: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeTenant: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    displayName?: string | null;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version, quoted: send it as `If-Match`. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTenantTokens: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Token"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createTenantToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description For people: who or what uses it, in at most 64 letters, digits, blanks and `._@:/-`. Need not be unique. */
                    name: string;
                    /** @enum {string} */
                    role: "owner" | "developer" | "viewer";
                    /**
                     * Format: date-time
                     * @description RFC 3339, such as 2030-01-31T12:00:00Z, in the future. Left out: it does not expire.
                     */
                    expiresAt?: string;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewToken"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokeTenantToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPlatformTokens: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Token"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createPlatformToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description For people: who or what uses it, in at most 64 letters, digits, blanks and `._@:/-`. Need not be unique. */
                    name: string;
                    /** @enum {string} */
                    role?: "admin";
                    /**
                     * Format: date-time
                     * @description RFC 3339, such as 2030-01-31T12:00:00Z, in the future. Left out: it does not expire.
                     */
                    expiresAt?: string;
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewToken"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revokePlatformToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    whoami: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Whoami"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listHosts: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Host"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    registerHost: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                    name: string;
                    /** @enum {string} */
                    kind: "docker" | "kubernetes";
                    /** @description Of a Docker engine: exactly one of `socketPath` (one that the API and the workers can open), `url` and `ssh`. Of a cluster: exactly one of `kubeconfig`, `url` (with `token`) and `inCluster`. */
                    endpoint: {
                        /** @description An absolute path of a unix socket, at most 107 characters. */
                        socketPath?: string;
                        /** @description Of a Docker engine: `tcp://host:port`, which is plain HTTP unless `tls` is given, or `https://host:port`, where without `tls` the CAs that the server itself trusts vouch for the engine. Of a cluster: `https://host:port` of its API server, with a path where it has one, and a `token`. */
                        url?: string;
                        /** @description Mutual TLS, for the `url` of a Docker engine. */
                        tls?: {
                            /** @description The CA's certificate in PEM, or several: whose the engine's certificate must be. */
                            ca: string;
                            /** @description The client's certificate in PEM, with its chain after it. */
                            cert: string;
                            /** @description The client's private key in PEM, without a passphrase. */
                            key: string;
                        };
                        /** @description The engine's socket behind an SSH server, which must be allowed to forward it. */
                        ssh?: {
                            /** @description A name or an address. */
                            host: string;
                            /** @description Left out: 22. */
                            port?: number;
                            /** @description Whose login it is: root, or a member of the group that may open the engine's socket. */
                            user: string;
                            /** @description The login's private key, as ssh-keygen makes it, without a passphrase. */
                            privateKey: string;
                            /** @description The server's host keys that are believed, a line each: as `ssh-keyscan` prints them and known_hosts has them, or `type base64`. Names in them say nothing. */
                            knownHost: string;
                            /** @description Where the engine listens on that machine. Left out: /var/run/docker.sock. */
                            socketPath?: string;
                        };
                        /** @description The text of a kubeconfig. Its user has a token, or a client certificate (`…-data`); what would run a program or read a file on the control plane is refused. */
                        kubeconfig?: string;
                        /** @description Which one of the kubeconfig's contexts, where there are several. */
                        context?: string;
                        /** @description A bearer token, as a service account has one, for the `url` of a cluster. */
                        token?: string;
                        /** @description With `token`: the CA's certificate in PEM, or several: whose the API server's certificate must be. Left out: one that the server itself trusts. */
                        ca?: string;
                        /**
                         * @description The cluster that the API and the workers run in, as their service account.
                         * @enum {boolean}
                         */
                        inCluster?: true;
                    };
                    labels?: {
                        [key: string]: string;
                    };
                    /** @description Of a cluster; a Docker host has none. What is left out has its default. */
                    settings?: {
                        /**
                         * @description The type of the Services that published ports get. Left out: `NodePort`.
                         * @enum {string}
                         */
                        publish?: "ClusterIP" | "NodePort" | "LoadBalancer";
                        /** @description The class of the Ingresses that routes become. Left out or null: the cluster's default. */
                        ingressClass?: string | null;
                        /** @description The class of the claims that volumes become. Left out or null: the cluster's default. */
                        storageClass?: string | null;
                        /** @description The size of such a claim, a quantity of Kubernetes. Left out: `1Gi`. */
                        volumeSize?: string;
                        /** @description Read statistics from the kubelets through the node proxy, which takes `nodes/proxy` (deploy/kubernetes/rbac.yaml says what that means). Left out: false. */
                        nodeStats?: boolean;
                        /** @description Of each process. Left out: 20. */
                        writesPerSecond?: number;
                        /** @description Writes at once after a pause. Left out: 200. */
                        writeBurst?: number;
                    };
                    tenants?: string[];
                    /** @description Left out: true. */
                    schedulable?: boolean;
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    /** @description Its version, quoted: send it as `If-Match`. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Bad Gateway; `code` says which. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getHost: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version, quoted: send it as `If-Match`. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteHost: {
        parameters: {
            query?: {
                /** @description Delete it although its engine does not answer: the marker stays there. */
                force?: boolean;
                /** @description Answer the plan; store nothing. */
                dryRun?: boolean;
                /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                expectPlan?: string;
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanAnswer"];
                };
            };
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Bad Gateway; `code` says which. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeHost: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                host: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Another way to the same engine (a new certificate, key, host key or address): it must answer there and show the marker of this host, or nothing changes. */
                    endpoint?: {
                        /** @description An absolute path of a unix socket, at most 107 characters. */
                        socketPath?: string;
                        /** @description Of a Docker engine: `tcp://host:port`, which is plain HTTP unless `tls` is given, or `https://host:port`, where without `tls` the CAs that the server itself trusts vouch for the engine. Of a cluster: `https://host:port` of its API server, with a path where it has one, and a `token`. */
                        url?: string;
                        /** @description Mutual TLS, for the `url` of a Docker engine. */
                        tls?: {
                            /** @description The CA's certificate in PEM, or several: whose the engine's certificate must be. */
                            ca: string;
                            /** @description The client's certificate in PEM, with its chain after it. */
                            cert: string;
                            /** @description The client's private key in PEM, without a passphrase. */
                            key: string;
                        };
                        /** @description The engine's socket behind an SSH server, which must be allowed to forward it. */
                        ssh?: {
                            /** @description A name or an address. */
                            host: string;
                            /** @description Left out: 22. */
                            port?: number;
                            /** @description Whose login it is: root, or a member of the group that may open the engine's socket. */
                            user: string;
                            /** @description The login's private key, as ssh-keygen makes it, without a passphrase. */
                            privateKey: string;
                            /** @description The server's host keys that are believed, a line each: as `ssh-keyscan` prints them and known_hosts has them, or `type base64`. Names in them say nothing. */
                            knownHost: string;
                            /** @description Where the engine listens on that machine. Left out: /var/run/docker.sock. */
                            socketPath?: string;
                        };
                        /** @description The text of a kubeconfig. Its user has a token, or a client certificate (`…-data`); what would run a program or read a file on the control plane is refused. */
                        kubeconfig?: string;
                        /** @description Which one of the kubeconfig's contexts, where there are several. */
                        context?: string;
                        /** @description A bearer token, as a service account has one, for the `url` of a cluster. */
                        token?: string;
                        /** @description With `token`: the CA's certificate in PEM, or several: whose the API server's certificate must be. Left out: one that the server itself trusts. */
                        ca?: string;
                        /**
                         * @description The cluster that the API and the workers run in, as their service account.
                         * @enum {boolean}
                         */
                        inCluster?: true;
                    };
                    labels?: {
                        [key: string]: string;
                    };
                    /** @description All of them: what is left out gets its default. */
                    settings?: {
                        /**
                         * @description The type of the Services that published ports get. Left out: `NodePort`.
                         * @enum {string}
                         */
                        publish?: "ClusterIP" | "NodePort" | "LoadBalancer";
                        /** @description The class of the Ingresses that routes become. Left out or null: the cluster's default. */
                        ingressClass?: string | null;
                        /** @description The class of the claims that volumes become. Left out or null: the cluster's default. */
                        storageClass?: string | null;
                        /** @description The size of such a claim, a quantity of Kubernetes. Left out: `1Gi`. */
                        volumeSize?: string;
                        /** @description Read statistics from the kubelets through the node proxy, which takes `nodes/proxy` (deploy/kubernetes/rbac.yaml says what that means). Left out: false. */
                        nodeStats?: boolean;
                        /** @description Of each process. Left out: 20. */
                        writesPerSecond?: number;
                        /** @description Writes at once after a pause. Left out: 200. */
                        writeBurst?: number;
                    };
                    tenants?: string[];
                    schedulable?: boolean;
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version, quoted: send it as `If-Match`. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Bad Gateway; `code` says which. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    probeHost: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                host: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Leave the marker anew where the engine has lost it. */
                    adopt?: boolean;
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                } | null;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version, quoted: send it as `If-Match`. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Bad Gateway; `code` says which. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cordonHost: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                host: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                } | null;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version, quoted: send it as `If-Match`. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    uncordonHost: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                host: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                } | null;
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version, quoted: send it as `If-Match`. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listContainers: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["InventoryItem"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Bad Gateway; `code` says which. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listImages: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["InventoryItem"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Bad Gateway; `code` says which. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listNetworks: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["InventoryItem"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Bad Gateway; `code` says which. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listVolumes: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["InventoryItem"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Bad Gateway; `code` says which. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOperations: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app?: string;
                status?: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "rolled_back";
                kind?: "deploy" | "scale" | "start" | "stop" | "restart" | "rollback" | "remove" | "reconcile" | "failover" | "rebalance" | "adopt" | "build" | "prune" | "pull" | "drain";
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["OperationSummary"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getOperation: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listOperationSteps: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["OperationStep"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelOperation: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAllOperations: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app?: string;
                status?: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "rolled_back";
                kind?: "deploy" | "scale" | "start" | "stop" | "restart" | "rollback" | "remove" | "reconcile" | "failover" | "rebalance" | "adopt" | "build" | "prune" | "pull" | "drain";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["OperationSummary"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAnyOperation: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelAnyOperation: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getApp: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version, quoted: send it as `If-Match`. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["App"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    applyApp: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
                /** @description `queue`: wait for what is under way instead of taking its place. */
                supersede?: "queue";
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The text of a Compose file. Either this or `spec`. */
                    compose?: string;
                    /** @description The same document as JSON. */
                    spec?: {
                        [key: string]: unknown;
                    };
                    /** @description What `${NAME}` in the document stands for; nothing else is looked at. */
                    variables?: {
                        [key: string]: string;
                    };
                    labels?: {
                        [key: string]: string;
                    };
                    /** @description Image references that take the place of those in the spec. */
                    images?: {
                        [key: string]: string;
                    };
                    /** @description Make an operation even where nothing changes. */
                    force?: boolean;
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                };
            };
        };
        responses: {
            /** @description Nothing changes (`operation` is null), the operation has ended while it was waited for, or a dry run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    removeApp: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
                /** @description `queue`: wait for what is under way instead of taking its place. */
                supersede?: "queue";
                /** @description Remove its volumes too. */
                volumes?: boolean;
                /** @description Answer the plan; store nothing. */
                dryRun?: boolean;
                /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                expectPlan?: string;
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Nothing changes (`operation` is null), the operation has ended while it was waited for, or a dry run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeApp: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    labels?: {
                        [key: string]: string;
                    };
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Its version, quoted: send it as `If-Match`. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["App"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deployApp: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
                /** @description `queue`: wait for what is under way instead of taking its place. */
                supersede?: "queue";
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Image references that take the place of those in the spec. */
                    images?: {
                        [key: string]: string;
                    };
                    /** @description Environment variables to set; null takes one away. */
                    env?: {
                        [key: string]: {
                            [key: string]: string | null;
                        };
                    };
                    release?: number;
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                };
            };
        };
        responses: {
            /** @description Nothing changes (`operation` is null), the operation has ended while it was waited for, or a dry run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollbackApp: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
                /** @description `queue`: wait for what is under way instead of taking its place. */
                supersede?: "queue";
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    release?: number;
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                } | null;
            };
        };
        responses: {
            /** @description Nothing changes (`operation` is null), the operation has ended while it was waited for, or a dry run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    scaleApp: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    services: {
                        [key: string]: number;
                    };
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                };
            };
        };
        responses: {
            /** @description Nothing changes (`operation` is null), the operation has ended while it was waited for, or a dry run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    startApp: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                } | null;
            };
        };
        responses: {
            /** @description Nothing changes (`operation` is null), the operation has ended while it was waited for, or a dry run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stopApp: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                } | null;
            };
        };
        responses: {
            /** @description Nothing changes (`operation` is null), the operation has ended while it was waited for, or a dry run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restartApp: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                } | null;
            };
        };
        responses: {
            /** @description Nothing changes (`operation` is null), the operation has ended while it was waited for, or a dry run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reconcileApp: {
        parameters: {
            query?: {
                /** @description Hold the answer until the operation ended, for at most so many seconds. */
                wait?: number;
            };
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
                /** @description The version that the change is meant for, quoted, such as `"3"`; 412 when the resource has moved on. */
                "if-match"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": {
                    /** @description Answer the plan; store nothing. */
                    dryRun?: boolean;
                    /** @description `planDigest` of a dry run; 409 `plan_changed` when the plan is another by now. */
                    expectPlan?: string;
                } | null;
            };
        };
        responses: {
            /** @description Nothing changes (`operation` is null), the operation has ended while it was waited for, or a dry run. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"] | components["schemas"]["PlanAnswer"];
                };
            };
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationAnswer"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Precondition Failed; `code` says which. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listApps: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["App"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listReleases: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ReleaseSummary"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRelease: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Release"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    diffReleases: {
        parameters: {
            query?: {
                to?: number;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
                number: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReleaseDiff"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listWorkloads: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Workload"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listInstances: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Instance"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listWebhooks: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Webhook"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Where deliveries are sent with POST: `https://`, at an address that is allowed. Whoever may read the tenant sees it. Redirects are not followed. */
                    url: string;
                    /** @description Which events: types, or `operation.*` for all that begin so. Empty: all. */
                    types?: string[];
                };
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewWebhook"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Where deliveries are sent with POST: `https://`, at an address that is allowed. Whoever may read the tenant sees it. Redirects are not followed. */
                    url?: string;
                    /** @description Which events: types, or `operation.*` for all that begin so. Empty: all. */
                    types?: string[];
                    /** @description true: its failures are forgotten, too. false: what is pending is not sent. */
                    enabled?: boolean;
                };
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Payload Too Large; `code` says which. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unsupported Media Type; `code` says which. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listWebhookDeliveries: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["WebhookDelivery"][];
                        nextCursor: string | null;
                    };
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getWebhookDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description A UUID. */
                id: string;
                /** @description A UUID. */
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redeliverWebhook: {
        parameters: {
            query?: never;
            header?: {
                /** @description Visible ASCII. The same key with the same request gets the first accepted answer again for 24 h. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description A UUID. */
                id: string;
                /** @description A UUID. */
                delivery: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Accepted */
            202: {
                headers: {
                    /** @description Where what was made is, or the operation that makes it. */
                    Location: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDelivery"];
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unprocessable Entity; `code` says which. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app?: string;
                /** @description A UUID. */
                operation?: string;
                /** @description Types, with commas between: `operation.step`, or `operation.*` for all that begin so. */
                type?: string;
                /** @description For a stream: begin after this event. A `Last-Event-ID` goes before it. */
                after?: string;
            };
            header?: {
                "last-event-id"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page, newest first; or, with `Accept: text/event-stream`, a stream that goes on from `Last-Event-ID`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Event"][];
                        nextCursor: string | null;
                    };
                    "text/event-stream": string;
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests; `code` says which. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAllEvents: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `nextCursor` of the page before. */
                cursor?: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app?: string;
                /** @description A UUID. */
                operation?: string;
                /** @description Types, with commas between: `operation.step`, or `operation.*` for all that begin so. */
                type?: string;
                /** @description For a stream: begin after this event. A `Last-Event-ID` goes before it. */
                after?: string;
            };
            header?: {
                "last-event-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page, newest first; or, with `Accept: text/event-stream`, a stream that goes on from `Last-Event-ID`. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Event"][];
                        nextCursor: string | null;
                    };
                    "text/event-stream": string;
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests; `code` says which. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAppStats: {
        parameters: {
            query?: {
                /** @description A stream: about one sample a second. */
                follow?: boolean;
                /** @description The samples of the last hour that are kept. */
                history?: boolean;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Now; with `follow` a stream of the same about once a second, as server-sent events `stats` (or `application/x-ndjson`). */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AppStats"] | components["schemas"]["StatsHistory"];
                    "text/event-stream": string;
                    "application/x-ndjson": string;
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests; `code` says which. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTenantStats: {
        parameters: {
            query?: {
                /** @description A stream: about one sample a second. */
                follow?: boolean;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Now; with `follow` a stream of the same about once a second, as server-sent events `stats` (or `application/x-ndjson`). */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantStats"];
                    "text/event-stream": string;
                    "application/x-ndjson": string;
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests; `code` says which. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAppLogs: {
        parameters: {
            query?: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                service?: string;
                /** @description An instance's id or name. */
                instance?: string;
                /** @description The last so many lines of all instances together, at most 10,000, or `all`. */
                tail?: string;
                /** @description No line before this time of RFC 3339 (up to nine digits of a second), or in the last `90s`, `10m`, `2h`, `7d`. */
                since?: string;
                /** @description Go on with what is written from now on. */
                follow?: boolean;
                /** @description Of `text/plain`: the time before each line. */
                timestamps?: boolean;
            };
            header?: {
                /** @description The id of the last line that came: go on after it. `tail` and `since` count no more. */
                "last-event-id"?: string;
            };
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                app: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Lines as text (`<instance> | <text>`); as JSON documents `LogLine`, one a line; or as events `line` with ids to go on from. A line `moorage: …`, a member `notice` or an event `notice` says why lines of an instance are missing. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                    "application/x-ndjson": string;
                    "text/event-stream": string;
                };
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests; `code` says which. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    execInInstance: {
        parameters: {
            query: {
                /** @description The program and its arguments, one `command=` each: no shell takes them apart. At most 8,192 characters. */
                command: string[];
                /** @description In a terminal: one stream for both outputs. */
                tty?: boolean;
                /** @description The terminal's first size. */
                columns?: number;
                rows?: number;
            };
            header?: never;
            path: {
                /** @description At most 40 of a-z, 0-9 and -; a letter first, no - at the end. */
                tenant: string;
                /** @description A UUID. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The command begins; its bytes, and at the end its exit code, come as messages. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request; `code` says which. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Unauthorized; `code` says which. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Forbidden; `code` says which. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not Found; `code` says which. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Conflict; `code` says which. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too Many Requests; `code` says which. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Internal Server Error; `code` says which. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Bad Gateway; `code` says which. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Service Unavailable; `code` says which. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
