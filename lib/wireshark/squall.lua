-- Dissects recordings of Squall (lib/RECORDING.md) in Wireshark and tshark: datagrams (interface wire), messages (msg) and
-- control records (ctl). What is inside of a payload packet is laid out as lib/STANDARD.md section 5 says.
--
--     tshark -X lua_script:lib/wireshark/squall.lua -r run.pcapng -Y 'squall.message.channel == 1'

local wire = Proto("squall", "Squall packet")
local msg = Proto("squall_msg", "Squall message")
local ctl = Proto("squall_ctl", "Squall control record")

local packet_types = {
    [0] = "Connection request", "Denied", "Challenge", "Response", "Keep-alive", "Payload", "Disconnect", "Denied with reason",
    "Disconnect with reason", "Connection id", "Payload with id", "Path challenge", "Path response", "Probe",
}
local frame_types = {[0] = "padding", "message", "messages", "fragment"}
local modes = {[0] = "unreliable", "unreliable sequenced", "reliable unordered", "reliable ordered", [255] = "unknown"}
local causes = {
    [0] = "first transmission", "retransmission", "early repeat", "framing", "acknowledgement", "packet header", "protection",
    "handshake", "keep-alive", "disconnect", "padding",
}
local reasons = {
    [0] = "none", "requested", "requested by peer", "timed out", "server full", "denied", "server shutdown", "kicked",
    "protocol error", "queue overflow", "request timed out", "response timed out", "token expired", "token invalid", "rate limited",
    "unauthorised", "replaced", "reserved slot expired",
}
local control_types = {
    [0x20] = "Facts", [0x21] = "Node call", [0x22] = "Connection", [0x23] = "Tick", [0x24] = "Mark", [0x25] = "State hash",
    [0x26] = "Clock", [0x27] = "Dropped", [0x28] = "Profile frame", [0x29] = "Entropy", [0x2a] = "Packet fate",
    [0x2b] = "Message fate", [0x2c] = "Remote outcome", [0x2d] = "Secret", [0x2e] = "End",
}
local calls = {[1] = "handle_timeout", [2] = "drain", [3] = "drain ended", [4] = "input"}
local changes = {[1] = "opened", [2] = "closed", [3] = "path changed", [4] = "is open"}
local frame_names = {
    "Hello", "Subscribe", "Dictionary", "Connection change", "Stats", "Histograms", "Samples", "Conditions", "Note", "World",
    "Command", "Result", "Ping", "Pong",
}

local f = {
    type = ProtoField.uint8("squall.type", "Packet type", base.DEC, packet_types, 0x0f),
    sequence = ProtoField.uint64("squall.sequence", "Packet number"),
    id = ProtoField.uint64("squall.connection_id", "Connection id", base.HEX),
    sealed = ProtoField.bytes("squall.sealed", "As on the wire"),
    body = ProtoField.bytes("squall.body", "Body"),
    reason = ProtoField.uint8("squall.reason", "Reason", base.DEC, reasons),
    protocol = ProtoField.uint64("squall.protocol_id", "Protocol id", base.HEX),
    expires = ProtoField.uint64("squall.token.expires", "Token expires (s since 1970)"),
    client = ProtoField.uint64("squall.client", "Client id", base.HEX),
    flags = ProtoField.uint8("squall.flags", "Flags", base.HEX),
    wants_ack = ProtoField.bool("squall.flags.wants_ack", "Acknowledgement wanted", 8, nil, 0x02),
    ack = ProtoField.uint16("squall.ack.largest", "Acknowledges up to (low 16 bits)"),
    ack_delay = ProtoField.uint32("squall.ack.delay", "Acknowledgement delay (us)"),
    frame = ProtoField.uint8("squall.frame", "Frame", base.DEC, frame_types, 0xe0),
    channel = ProtoField.uint8("squall.channel", "Channel", base.DEC, nil, 0x1f),
    message = ProtoField.uint16("squall.message", "Message (low 16 bits)"),
    length = ProtoField.uint32("squall.length", "Bytes"),
    index = ProtoField.uint32("squall.fragment", "Fragment"),
    count = ProtoField.uint32("squall.fragments", "Fragments"),
    data = ProtoField.bytes("squall.data", "Message bytes"),
}
wire.fields = f
local bad = ProtoExpert.new("squall.malformed", "Not as lib/STANDARD.md has it", expert.group.MALFORMED, expert.severity.ERROR)
wire.experts = {bad}

local m = {
    direction = ProtoField.uint8("squall_msg.direction", "Direction", base.HEX, {[0x10] = "sent", [0x11] = "received"}),
    channel = ProtoField.uint8("squall_msg.channel", "Channel"),
    mode = ProtoField.uint8("squall_msg.mode", "Mode", base.DEC, modes),
    cause = ProtoField.uint8("squall_msg.cause", "Cause", base.DEC, causes),
    remote = ProtoField.uint16("squall_msg.remote", "Remote"),
    slot = ProtoField.uint32("squall_msg.slot", "Connection slot"),
    generation = ProtoField.uint32("squall_msg.generation", "Connection generation"),
    number = ProtoField.uint64("squall_msg.number", "Message"),
    packet = ProtoField.uint64("squall_msg.packet", "In packet"),
    wire_bytes = ProtoField.uint32("squall_msg.wire_bytes", "Bytes in the packet"),
    bytes = ProtoField.uint32("squall_msg.bytes", "Message bytes"),
    payload = ProtoField.bytes("squall_msg.payload", "Message"),
}
msg.fields = m

local c = {
    type = ProtoField.uint8("squall_ctl.type", "Record", base.HEX, control_types),
    version = ProtoField.uint8("squall_ctl.version", "Version"),
    call = ProtoField.uint8("squall_ctl.call", "Call", base.DEC, calls),
    change = ProtoField.uint8("squall_ctl.change", "Change", base.DEC, changes),
    reason = ProtoField.uint8("squall_ctl.reason", "Reason", base.DEC, reasons),
    slot = ProtoField.uint32("squall_ctl.slot", "Connection slot"),
    generation = ProtoField.uint32("squall_ctl.generation", "Connection generation"),
    client = ProtoField.uint64("squall_ctl.client", "Client id", base.HEX),
    tick = ProtoField.uint64("squall_ctl.tick", "Tick"),
    duration = ProtoField.uint32("squall_ctl.duration", "Duration (us)"),
    text = ProtoField.string("squall_ctl.text", "Text"),
    hash = ProtoField.uint64("squall_ctl.hash", "State hash", base.HEX),
    lost = ProtoField.bool("squall_ctl.lost", "Lost"),
    packet = ProtoField.uint64("squall_ctl.packet", "Packet"),
    rtt = ProtoField.uint32("squall_ctl.rtt", "Round trip (us)"),
    datagrams = ProtoField.uint64("squall_ctl.dropped.datagrams", "Datagrams dropped"),
    messages = ProtoField.uint64("squall_ctl.dropped.messages", "Messages dropped"),
    controls = ProtoField.uint64("squall_ctl.dropped.controls", "Control records dropped"),
    frame = ProtoField.uint16("squall_ctl.frame", "Profile frame", base.DEC, frame_names),
    body = ProtoField.bytes("squall_ctl.body", "Body"),
}
ctl.fields = c

-- The number at `at`, and where the next one begins; nil if it is cut.
local function varint(tvb, at)
    local value, factor = 0, 1
    for _ = 1, 10 do
        if at >= tvb:len() then return nil end
        local byte = tvb(at, 1):uint()
        at = at + 1
        value = value + (byte % 128) * factor
        if byte < 128 then return value, at end
        factor = factor * 128
    end
    return nil
end

-- A number of up to eight bytes, least significant first, as it stands in netcode's header.
local function low_bytes(tvb, at, count)
    local value = UInt64(0)
    for i = count - 1, 0, -1 do value = value * 256 + tvb(at + i, 1):uint() end
    return value
end

-- Each returns where it ended, and how many messages there were; nil if it is malformed.
local function message_frame(tvb, at, tree, start)
    if at + 2 > tvb:len() then return nil end
    local size, begin = varint(tvb, at + 2)
    if not size or size == 0 or begin + size > tvb:len() then return nil end
    local branch = tree:add(wire, tvb(start, begin + size - start), "Message")
    branch:add(f.frame, tvb(start, 1))
    branch:add(f.channel, tvb(start, 1))
    branch:add_le(f.message, tvb(at, 2))
    branch:add(f.length, tvb(at + 2, begin - at - 2), size)
    branch:add(f.data, tvb(begin, size))
    return begin + size, 1
end

local function messages_frame(tvb, at, tree, start)
    if at + 3 > tvb:len() then return nil end
    local first, count = tvb(at, 2):le_uint(), tvb(at + 2, 1):uint()
    at = at + 3
    for i = 0, count - 1 do
        local size, begin = varint(tvb, at)
        if not size or size == 0 or begin + size > tvb:len() then return nil end
        local branch = tree:add(wire, tvb(at, begin + size - at), "Message")
        branch:add(f.frame, tvb(start, 1))
        branch:add(f.channel, tvb(start, 1))
        branch:add(f.message, tvb(start + 1, 2), (first + i) % 65536)
        branch:add(f.length, tvb(at, begin - at), size)
        branch:add(f.data, tvb(begin, size))
        at = begin + size
    end
    return at, count
end

local function fragment_frame(tvb, at, tree, start)
    if at + 2 > tvb:len() then return nil end
    local id = at
    local index, count, total
    index, at = varint(tvb, at + 2)
    if not index then return nil end
    count, at = varint(tvb, at)
    if not count or count < 2 then return nil end
    total, at = varint(tvb, at)
    if not total then return nil end
    local step = math.ceil(total / count)
    local size = math.min((index + 1) * step, total) - index * step
    if size <= 0 or at + size > tvb:len() then return nil end
    local branch = tree:add(wire, tvb(start, at + size - start), "Fragment")
    branch:add(f.frame, tvb(start, 1))
    branch:add(f.channel, tvb(start, 1))
    branch:add_le(f.message, tvb(id, 2))
    branch:add(f.index, tvb(id + 2, 1), index)
    branch:add(f.count, tvb(id + 2, 1), count)
    branch:add(f.length, tvb(at, size), total)
    branch:add(f.data, tvb(at, size))
    return at + size, 1
end

local frame_readers = {message_frame, messages_frame, fragment_frame}

-- What a payload packet holds; a text for the list, or nil if it is malformed.
local function payload(tvb, at, tree)
    if at >= tvb:len() then return "" end
    local flags = tvb(at, 1):uint()
    if flags > 3 then return nil end
    tree:add(f.flags, tvb(at, 1))
    tree:add(f.wants_ack, tvb(at, 1))
    local text, messages = "", 0
    at = at + 1
    if flags % 2 == 1 then
        if at + 2 > tvb:len() then return nil end
        text = " ack=" .. tvb(at, 2):le_uint()
        tree:add_le(f.ack, tvb(at, 2))
        local delay, mask = varint(tvb, at + 2)
        if not delay or mask >= tvb:len() then return nil end
        tree:add(f.ack_delay, tvb(at + 2, mask - at - 2), delay * 32)
        at = mask + 1 + tvb(mask, 1):uint()
    end
    while at < tvb:len() do
        local kind = math.floor(tvb(at, 1):uint() / 32)
        if kind == 0 then break end -- padding, up to the end
        local read = frame_readers[kind]
        if not read then return nil end
        local after, count = read(tvb, at + 1, tree, at)
        if not after then return nil end
        messages = messages + count
        at = after
    end
    return text .. " messages=" .. messages
end

local function request(tvb, tree)
    if tvb:len() < 30 then return end
    tree:add_le(f.protocol, tvb(14, 8))
    tree:add_le(f.expires, tvb(22, 8))
    if tvb:len() >= 62 then tree:add_le(f.client, tvb(54, 8)) end
end

-- Whether the packet was opened stands in the IP header.
local ip_id = Field.new("ip.id")
local flow_label = Field.new("ipv6.flow")
local interface_name = Field.new("frame.interface_name")

function wire.dissector(tvb, pinfo, tree)
    local id, flow = ip_id(), flow_label()
    local opened = (id and id.value == 1) or (flow and flow.value % 65536 == 1)
    pinfo.cols.protocol = "Squall"
    local branch = tree:add(wire, tvb())
    local prefix = tvb(0, 1):uint()
    local kind = prefix % 16
    local name = packet_types[kind] or ("Type " .. kind)
    branch:add(f.type, tvb(0, 1))
    if prefix == 0 then
        pinfo.cols.info = name
        if opened then request(tvb, branch) end
        return tvb:len()
    end
    local size = math.floor(prefix / 16)
    if size > 8 or 1 + size > tvb:len() then
        branch:add_proto_expert_info(bad)
        pinfo.cols.info = name .. " (malformed)"
        return tvb:len()
    end
    local sequence = low_bytes(tvb, 1, size)
    branch:add(f.sequence, tvb(1, size), sequence)
    local at = 1 + size
    if (kind == 10 or kind == 12 or kind == 13) and at + 8 <= tvb:len() then
        branch:add_le(f.id, tvb(at, 8))
        at = at + 8
    end
    local text = name .. " seq=" .. tostring(sequence)
    if not opened then
        if at < tvb:len() then branch:add(f.sealed, tvb(at)) end
        pinfo.cols.info = text .. " (not opened)"
        return tvb:len()
    end
    if kind == 5 or kind == 10 then
        local inside = payload(tvb, at, branch)
        if not inside then
            branch:add_proto_expert_info(bad)
            inside = " (malformed, or raw framing)"
        end
        text = text .. inside
    elseif (kind == 7 or kind == 8) and at < tvb:len() then
        branch:add(f.reason, tvb(at, 1))
        text = text .. ": " .. (reasons[tvb(at, 1):uint()] or "?")
    elseif at < tvb:len() then
        branch:add(f.body, tvb(at))
    end
    pinfo.cols.info = text
    return tvb:len()
end

wire:register_heuristic("udp", function(tvb, pinfo, tree)
    local name = interface_name()
    if not name or name.value ~= "wire" or tvb:len() == 0 then return false end
    wire.dissector(tvb, pinfo, tree)
    return true
end)

function msg.dissector(tvb, pinfo, tree)
    if tvb:len() < 40 then return 0 end
    local sent = tvb(0, 1):uint() == 0x10
    pinfo.cols.protocol = "Squall msg"
    pinfo.cols.info = string.format("%s channel %d message %s, %d bytes, remote %d, connection %d", sent and "sent" or "received",
        tvb(2, 1):uint(), tostring(tvb(16, 8):le_uint64()), tvb(36, 4):le_uint(), tvb(6, 2):le_uint(), tvb(8, 4):le_uint())
    local branch = tree:add(msg, tvb())
    branch:add(m.direction, tvb(0, 1))
    branch:add(m.channel, tvb(2, 1))
    branch:add(m.mode, tvb(3, 1))
    if sent then branch:add(m.cause, tvb(4, 1)) end
    branch:add_le(m.remote, tvb(6, 2))
    branch:add_le(m.slot, tvb(8, 4))
    branch:add_le(m.generation, tvb(12, 4))
    branch:add_le(m.number, tvb(16, 8))
    branch:add_le(m.packet, tvb(24, 8))
    if sent then branch:add_le(m.wire_bytes, tvb(32, 4)) end
    branch:add_le(m.bytes, tvb(36, 4))
    if tvb:len() > 40 then branch:add(m.payload, tvb(40)) end
    return tvb:len()
end

local function who(tvb, at, branch)
    if at + 8 > tvb:len() then return "" end
    branch:add_le(c.slot, tvb(at, 4))
    branch:add_le(c.generation, tvb(at + 4, 4))
    return " connection " .. tvb(at, 4):le_uint()
end

-- Fields of 64 bits want their values so.
local wide = {[c.tick] = true, [c.packet] = true, [c.datagrams] = true, [c.messages] = true, [c.controls] = true}

-- Adds up to three varints as fields; returns them.
local function numbers(tvb, at, branch, fields)
    local values = {}
    for _, field in ipairs(fields) do
        local value, after = varint(tvb, at)
        if not value then break end
        if field then branch:add(field, tvb(at, after - at), wide[field] and UInt64(value) or value) end
        values[#values + 1] = value
        at = after
    end
    return values
end

local control_readers = {
    [0x20] = function(tvb, branch)
        branch:add(c.text, tvb(2))
        return ""
    end,
    [0x21] = function(tvb, branch)
        branch:add(c.call, tvb(2, 1))
        local kind = tvb(2, 1):uint()
        if kind ~= 4 then return " " .. (calls[kind] or "?") end
        local size, at = varint(tvb, 3)
        if not size or at + size > tvb:len() then return "" end
        branch:add(c.text, tvb(at, size))
        return " input " .. tvb(at, size):string()
    end,
    [0x22] = function(tvb, branch)
        branch:add(c.change, tvb(2, 1))
        branch:add(c.reason, tvb(3, 1))
        local text = who(tvb, 4, branch)
        branch:add_le(c.client, tvb(12, 8))
        return text .. " " .. (changes[tvb(2, 1):uint()] or "?")
    end,
    [0x23] = function(tvb, branch)
        local values = numbers(tvb, 2, branch, {c.tick, c.duration})
        return " " .. tostring(values[1])
    end,
    [0x24] = function(tvb, branch)
        branch:add(c.text, tvb(2))
        return ": " .. tvb(2):string()
    end,
    [0x25] = function(tvb, branch)
        local tick, at = varint(tvb, 2)
        if not tick then return "" end
        branch:add(c.tick, tvb(2, at - 2), UInt64(tick))
        branch:add_le(c.hash, tvb(at, 8))
        return " of tick " .. tick
    end,
    [0x27] = function(tvb, branch)
        local v = numbers(tvb, 2, branch, {c.datagrams, c.messages, c.controls})
        return string.format(" %d datagrams, %d messages, %d control records", v[1] or 0, v[2] or 0, v[3] or 0)
    end,
    [0x28] = function(tvb, branch)
        if tvb:len() < 10 then return "" end
        branch:add_le(c.frame, tvb(6, 2))
        branch:add(c.body, tvb(10))
        return ": " .. (frame_names[tvb(6, 2):le_uint()] or "?")
    end,
    [0x2a] = function(tvb, branch)
        local lost = tvb(2, 1):uint() == 2
        branch:add(c.lost, tvb(2, 1), lost)
        local text = who(tvb, 3, branch)
        local v = numbers(tvb, 11, branch, {c.packet, false, c.rtt})
        return text .. string.format(" packet %d %s", v[1] or 0, lost and "lost" or ("acknowledged after " .. (v[3] or 0) .. " us"))
    end,
}

function ctl.dissector(tvb, pinfo, tree)
    if tvb:len() < 2 then return 0 end
    local kind = tvb(0, 1):uint()
    pinfo.cols.protocol = "Squall ctl"
    local branch = tree:add(ctl, tvb())
    branch:add(c.type, tvb(0, 1))
    branch:add(c.version, tvb(1, 1))
    local text = control_types[kind] or ("Type " .. kind)
    local read = control_readers[kind]
    if read and tvb:len() > 2 then
        text = text .. read(tvb, branch)
    elseif tvb:len() > 2 then
        branch:add(c.body, tvb(2))
    end
    pinfo.cols.info = text
    return tvb:len()
end

local by_link_type = DissectorTable.get("wtap_encap")
by_link_type:add(wtap.USER0, msg)
by_link_type:add(wtap.USER1, ctl)
-- Ports that other protocols are known by must not take our datagrams.
pcall(function() set_preference("udp.try_heuristic_first", true) end)
