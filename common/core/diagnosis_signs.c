#include "core/diagnosis_signs.h"

#include <string.h>

#include "base/attr.h"
#include "base/str.h"

#define PULL_SECRET                                                    \
	"give the namespace a pull secret for that registry and name " \
	"it in 'imagePullSecrets'"
#define PUSH_IMAGE \
	"push the image before it is deployed, or mend its name or tag"
#define CREATE_SECRET \
	"create that secret in the namespace, or let the chart bring it"
#define CREATE_MAP \
	"create that config map in the namespace, or let the chart bring it"
#define CREATE_ACCOUNT \
	"create that service account, or mend 'serviceAccountName'"
#define READ_LOG "the log of its last run says why it ended"
#define RAISE_MEMORY \
	"raise 'resources.limits.memory', or let the program take less"
#define MEND_COMMAND \
	"mend 'command' and 'args', or the image: it cannot be started"
#define FREE_QUOTA                                              \
	"raise the quota of the namespace, or ask for less in " \
	"'resources' and 'replicas'"
#define OBEY_POLICY \
	"let the chart do what the policy asks for, or have it exempt this"

static const struct sign signs[] = {
	/* The kubelet gets the image. */
	{SIGN_WAITING, "InvalidImageName", NULL, DIAGNOSIS_IMAGE, true,
	 "mend the name of the image: it is none"},
	{SIGN_WAITING, "ErrImageNeverPull", NULL, DIAGNOSIS_IMAGE, true,
	 "set 'imagePullPolicy' to something other than Never"},
	{SIGN_WAITING, "ImagePullBackOff", "nauthorized", DIAGNOSIS_IMAGE, true,
	 PULL_SECRET},
	{SIGN_WAITING, "ImagePullBackOff", "denied", DIAGNOSIS_IMAGE, true,
	 PULL_SECRET},
	{SIGN_WAITING, "ImagePullBackOff", "no basic auth", DIAGNOSIS_IMAGE,
	 true, PULL_SECRET},
	{SIGN_WAITING, "ImagePullBackOff", NULL, DIAGNOSIS_IMAGE, true,
	 PUSH_IMAGE},
	{SIGN_WAITING, "ImageInspectError", NULL, DIAGNOSIS_IMAGE, true,
	 PUSH_IMAGE},

	/* It makes the container. */
	{SIGN_WAITING, "CreateContainerConfigError", "find key",
	 DIAGNOSIS_CONFIG, true,
	 "put that key into the secret or config map, or mend its name"},
	{SIGN_WAITING, "CreateContainerConfigError", "secret \"",
	 DIAGNOSIS_CONFIG, true, CREATE_SECRET},
	{SIGN_WAITING, "CreateContainerConfigError", "configmap \"",
	 DIAGNOSIS_CONFIG, true, CREATE_MAP},
	{SIGN_WAITING, "CreateContainerConfigError", "runAsNonRoot",
	 DIAGNOSIS_CONFIG, true,
	 "give the image a user other than root, or set 'runAsUser'"},
	{SIGN_WAITING, "CreateContainerConfigError", NULL, DIAGNOSIS_CONFIG,
	 true, "mend what the container's spec refers to"},
	{SIGN_WAITING, "CreateContainerError", NULL, DIAGNOSIS_CRASH, true,
	 MEND_COMMAND},
	{SIGN_WAITING, "CrashLoopBackOff", NULL, DIAGNOSIS_CRASH, true,
	 READ_LOG},
	{SIGN_WAITING, NULL, NULL, DIAGNOSIS_STARTING, false, ""},

	/* It ended. */
	{SIGN_TERMINATED, "OOMKilled", NULL, DIAGNOSIS_MEMORY, true,
	 RAISE_MEMORY},
	{SIGN_TERMINATED, "StartError", NULL, DIAGNOSIS_CRASH, true,
	 MEND_COMMAND},
	{SIGN_TERMINATED, "ContainerCannotRun", NULL, DIAGNOSIS_CRASH, true,
	 MEND_COMMAND},
	{SIGN_TERMINATED, NULL, NULL, DIAGNOSIS_CRASH, true, READ_LOG},

	/* No node takes it; one may come, so this is not final. */
	{SIGN_UNSCHEDULED, NULL, "persistentvolumeclaim \"", DIAGNOSIS_VOLUME,
	 false, "let the chart bring that claim, or mend its name"},
	{SIGN_UNSCHEDULED, NULL, "PersistentVolumeClaim", DIAGNOSIS_VOLUME,
	 false,
	 "give the cluster a storage class or volume that fits the claim"},
	{SIGN_UNSCHEDULED, NULL, "volume node affinity", DIAGNOSIS_VOLUME,
	 false, "add a node in the zone of the volume, or let it be made anew"},
	{SIGN_UNSCHEDULED, "SchedulingGated", NULL, DIAGNOSIS_SCHEDULING, false,
	 "whoever set 'schedulingGates' has to take them away"},
	{SIGN_UNSCHEDULED, NULL, "Insufficient", DIAGNOSIS_SCHEDULING, false,
	 "ask for less in 'resources.requests', or add nodes"},
	{SIGN_UNSCHEDULED, NULL, "Too many pods", DIAGNOSIS_SCHEDULING, false,
	 "add nodes, or sweep environments that nobody needs"},
	{SIGN_UNSCHEDULED, NULL, "node selector", DIAGNOSIS_SCHEDULING, false,
	 "mend 'nodeSelector' or 'affinity', or label a node so"},
	{SIGN_UNSCHEDULED, NULL, "node(s) didn't match Pod's node affinity",
	 DIAGNOSIS_SCHEDULING, false,
	 "mend 'nodeSelector' or 'affinity', or label a node so"},
	{SIGN_UNSCHEDULED, NULL, "taint", DIAGNOSIS_SCHEDULING, false,
	 "give the pod a toleration, or add nodes without that taint"},
	{SIGN_UNSCHEDULED, NULL, NULL, DIAGNOSIS_SCHEDULING, false,
	 "compare what the pod asks for with what the nodes have"},

	/* What the kubelet warns of while containers are being made. */
	{SIGN_POD_EVENT, "FailedMount", "secret \"", DIAGNOSIS_CONFIG, true,
	 CREATE_SECRET},
	{SIGN_POD_EVENT, "FailedMount", "configmap \"", DIAGNOSIS_CONFIG, true,
	 CREATE_MAP},
	{SIGN_POD_EVENT, "FailedMount", "references non-existent secret key",
	 DIAGNOSIS_CONFIG, true,
	 "put that key into the secret, or mend its name"},
	{SIGN_POD_EVENT, "FailedMount", "references non-existent config key",
	 DIAGNOSIS_CONFIG, true,
	 "put that key into the config map, or mend its name"},
	{SIGN_POD_EVENT, "FailedMount", NULL, DIAGNOSIS_VOLUME, false,
	 "see whether the volume is there and free to be mounted"},
	{SIGN_POD_EVENT, "FailedAttachVolume", NULL, DIAGNOSIS_VOLUME, false,
	 "see whether another node still holds the volume"},
	{SIGN_POD_EVENT, "FailedMapVolume", NULL, DIAGNOSIS_VOLUME, false,
	 "see whether the volume is there and free to be mounted"},
	{SIGN_POD_EVENT, "FailedCreatePodSandBox", NULL, DIAGNOSIS_STARTING,
	 false, "the node's network does not give the pod an address"},
	{SIGN_POD_EVENT, "Unhealthy", "tartup probe", DIAGNOSIS_PROBE, false,
	 "mend what the probe asks, or give it more time in 'startupProbe'"},
	{SIGN_POD_EVENT, "Unhealthy", "iveness probe", DIAGNOSIS_PROBE, false,
	 "mend what the probe asks, or give it more time in 'livenessProbe'"},
	{SIGN_POD_EVENT, "Unhealthy", NULL, DIAGNOSIS_PROBE, false,
	 "mend what the probe asks, or its port and path in "
	 "'readinessProbe'"},

	{SIGN_POD_FAILED, "Evicted", NULL, DIAGNOSIS_EVICTED, false,
	 "set 'resources.requests' to what it really takes, or add nodes"},
	{SIGN_POD_FAILED, NULL, NULL, DIAGNOSIS_CRASH, false, READ_LOG},

	/* What the API server refused a controller. */
	{SIGN_CREATION, NULL, "exceeded quota", DIAGNOSIS_QUOTA, false,
	 FREE_QUOTA},
	{SIGN_CREATION, NULL, "status unknown for quota", DIAGNOSIS_QUOTA,
	 false, "the quota was made a moment ago: it is not at work yet"},
	{SIGN_CREATION, NULL, "failed quota", DIAGNOSIS_QUOTA, true,
	 "set what the quota asks for in 'resources' of each container"},
	{SIGN_CREATION, NULL, "usage per", DIAGNOSIS_QUOTA, true,
	 "keep 'resources' within the limit range of the namespace"},
	{SIGN_CREATION, NULL, "denied the request", DIAGNOSIS_ADMISSION, true,
	 OBEY_POLICY},
	{SIGN_CREATION, NULL, "failed calling webhook", DIAGNOSIS_ADMISSION,
	 false, "see why the webhook's own service does not answer"},
	{SIGN_CREATION, NULL, "violates PodSecurity", DIAGNOSIS_ADMISSION, true,
	 "set the 'securityContext' that it asks for, or another label "
	 "pod-security.kubernetes.io/enforce"},
	{SIGN_CREATION, NULL, "serviceaccount \"", DIAGNOSIS_CONFIG, true,
	 CREATE_ACCOUNT},
	{SIGN_CREATION, NULL, "service account", DIAGNOSIS_CONFIG, true,
	 CREATE_ACCOUNT},
	{SIGN_CREATION, NULL, "no PriorityClass", DIAGNOSIS_CONFIG, true,
	 "create that priority class, or mend 'priorityClassName'"},
	{SIGN_CREATION, NULL, "forbidden", DIAGNOSIS_ADMISSION, true,
	 OBEY_POLICY},
	{SIGN_CREATION, NULL, NULL, DIAGNOSIS_UNKNOWN, false, ""},

	/* Storage may be on its way. */
	{SIGN_CLAIM, NULL, "storageclass", DIAGNOSIS_VOLUME, false,
	 "mend 'storageClassName', or create that class"},
	{SIGN_CLAIM, NULL, "no storage class is set", DIAGNOSIS_VOLUME, false,
	 "set 'storageClassName', or give the cluster a default class"},
	{SIGN_CLAIM, NULL, NULL, DIAGNOSIS_VOLUME, false,
	 "see why the storage class gives no volume"},

	{SIGN_GIVEN_UP, "ProgressDeadlineExceeded", NULL, DIAGNOSIS_DEADLINE,
	 true, "see its pods; 'progressDeadlineSeconds' gives them more time"},
	{SIGN_GIVEN_UP, "ReplicaSetCreateError", NULL, DIAGNOSIS_ADMISSION,
	 true, OBEY_POLICY},
	{SIGN_GIVEN_UP, NULL, NULL, DIAGNOSIS_JOB, true,
	 "see the log of its pods; 'backoffLimit' gives it more tries"},
};

/* Words that the kubelet takes turns with. */
static const char *usual_reason(const char *reason)
{
	if (same_text(reason, "ErrImagePull"))
		return "ImagePullBackOff";
	if (same_text(reason, "RunContainerError"))
		return "CreateContainerError";
	return reason;
}

const struct sign *sign_find(enum sign_place place, const char *reason,
			     const char *message)
{
	reason = usual_reason(reason);
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		const struct sign *sign = &signs[i];

		if (sign->place == place &&
		    (!sign->reason || same_text(sign->reason, reason)) &&
		    (!sign->words || strstr(message, sign->words)))
			return sign;
	}
	return NULL;
}
